import { z } from 'zod'
import { bootDeviceRequest, maintenanceRequest } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import { reviseNode, whenUnlocked } from '../../nodes/change-node.ts'
import { looseAnswer } from '../answers.ts'
import { booleanFrom, text, uuid } from '../query.ts'
import { route, type DeclaredRoute, type Request } from '../route.ts'
import { orders, reads, takes } from './defaults.ts'
import { nodeOf } from './nodes.ts'

const flag = z.unknown().transform((value, context) => {
  if (value === undefined || value === null) return false
  const read = booleanFrom(value)
  if (read === undefined) context.addIssue('expected a boolean')
  return read ?? false
})

export const nodeManagementRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident/management/boot_device',
    since: 1,
    auth: 'baremetal:node:get_boot_device',
    answers: { 200: looseAnswer },
    handle: async (call) => ({
      status: 200,
      body: await call.api.services.management.bootDevice((await nodeOf(call)).uuid),
    }),
  }),
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident/management/boot_device/supported',
    since: 1,
    auth: 'baremetal:node:get_boot_device',
    answers: { 200: looseAnswer },
    handle: async (call) => {
      const devices = await call.api.services.management.supportedBootDevices((await nodeOf(call)).uuid)
      return { status: 200, body: { supported_boot_devices: devices } }
    },
  }),
  route({
    ...takes,
    method: 'PUT',
    path: '/v1/nodes/:ident/management/boot_device',
    since: 1,
    auth: 'baremetal:node:set_boot_device',
    audit: 'node.boot_device',
    body: bootDeviceRequest.extend({ persistent: flag }),
    bodyName: 'boot_device',
    answers: { 204: null },
    handle: async (call) => {
      const { uuid: ident } = await nodeOf(call)
      const { boot_device, persistent } = call.body
      await whenUnlocked(call.api.clock, call.signal, () =>
        call.api.services.management.setBootDevice(ident, boot_device, persistent),
      )
      return { status: 204 }
    },
  }),
  route({
    ...takes,
    method: 'PUT',
    path: '/v1/nodes/:ident/maintenance',
    since: 1,
    auth: 'baremetal:node:set_maintenance',
    audit: 'node.set_maintenance',
    body: maintenanceRequest.nullish(),
    bodyName: 'maintenance',
    answers: { 202: null },
    handle: async (call) => {
      const reason = call.body?.reason ?? null
      await setMaintenance(call, { maintenance: true, maintenance_reason: reason })
      return { status: 202 }
    },
  }),
  route({
    ...orders,
    method: 'DELETE',
    path: '/v1/nodes/:ident/maintenance',
    since: 1,
    auth: 'baremetal:node:clear_maintenance',
    audit: 'node.clear_maintenance',
    answers: { 202: null },
    handle: async (call) => {
      await setMaintenance(call, { maintenance: false, maintenance_reason: null, fault: null })
      return { status: 202 }
    },
  }),
]

type Asked = Pick<Request, 'api' | 'microversion' | 'suffixed' | 'signal'> & { params: { ident: string } }

const setMaintenance = (call: Asked, set: { maintenance: boolean; maintenance_reason: string | null; fault?: null }) =>
  whenUnlocked(call.api.clock, call.signal, () =>
    reviseNode(
      call.api.store,
      () => nodeOf(call),
      () => set,
    ),
  )

/** Interface types that a validation names, with the microversion that knows them. `vendor` is never validated. */
const validated: Readonly<Record<string, number>> = { storage: 33, rescue: 38, bios: 40, firmware: 86 }

async function validation(call: Asked): Promise<Record<string, unknown>> {
  const result = await call.api.services.validator.validate((await nodeOf(call)).uuid)
  return Object.fromEntries(
    Object.entries(result).filter(([type]) => type !== 'vendor' && call.microversion >= (validated[type] ?? 1)),
  )
}

export const validateRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident/validate',
    since: 1,
    auth: 'baremetal:node:validate',
    answers: { 200: looseAnswer },
    handle: async (call) => ({ status: 200, body: await validation(call) }),
  }),
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/validate',
    since: 1,
    auth: 'baremetal:node:validate',
    query: { node_uuid: { since: 1, schema: uuid }, node: { since: 5, schema: text } },
    answers: { 200: looseAnswer },
    handle: async (call) => {
      const ident = call.query.node_uuid ?? call.query.node
      if (ident === undefined) throw new Fault('missing_parameter', 'Missing mandatory parameter: node_uuid')
      return { status: 200, body: await validation({ ...call, params: { ident } }) }
    },
  }),
]
