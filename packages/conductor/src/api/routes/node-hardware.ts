import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { changeable } from '../../nodes/changeable.ts'
import type { NodeRecord } from '../../core/node.ts'
import { looseAnswer } from '../answers.ts'
import { booleanFrom, boolean, text } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { orders, reads, takes, takesAnything } from './defaults.ts'
import { nodeOf } from './nodes.ts'

const flag = z.unknown().transform((value, context) => {
  const read = booleanFrom(value)
  if (read === undefined) context.addIssue('expected a boolean')
  return read ?? false
})
const bootMode = z.strictObject({ target: z.string().max(64) })
const secureBoot = z.strictObject({ target: flag })

/** Boot mode, secure boot, console, RAID and NMI: what a node's hardware may have beside power and boot devices. */
export const nodeHardwareRoutes: readonly DeclaredRoute[] = [
  route({
    ...takes,
    method: 'PUT',
    path: '/v1/nodes/:ident/states/boot_mode',
    since: 76,
    auth: 'baremetal:node:set_boot_mode',
    audit: 'node.set_boot_mode',
    body: bootMode,
    bodyName: 'boot_mode',
    answers: { 202: null },
    handle: async (call) => {
      const node = await nodeOf(call)
      checkRest(node, 'boot mode')
      const { target } = call.body
      if (target !== 'bios' && target !== 'uefi') {
        throw new Fault('invalid', `Invalid boot mode ${target} requested. The allowed boot modes are uefi, bios.`)
      }
      await call.api.services.hardware.setBootMode(node.uuid, target)
      return { status: 202, location: `/v1/nodes/${call.params.ident}/states` }
    },
  }),
  route({
    ...takes,
    method: 'PUT',
    path: '/v1/nodes/:ident/states/secure_boot',
    since: 76,
    auth: 'baremetal:node:set_secure_boot',
    audit: 'node.set_secure_boot',
    body: secureBoot,
    bodyName: 'secure_boot',
    answers: { 202: null },
    handle: async (call) => {
      const node = await nodeOf(call)
      checkRest(node, 'secure boot')
      await call.api.services.hardware.setSecureBoot(node.uuid, call.body.target)
      return { status: 202, location: `/v1/nodes/${call.params.ident}/states` }
    },
  }),
  ...consoleRoutes(),
  route({
    ...takesAnything,
    method: 'PUT',
    path: '/v1/nodes/:ident/states/raid',
    since: 12,
    tooOld: 'not_acceptable',
    auth: 'baremetal:node:set_raid_state',
    audit: 'node.set_raid',
    body: z.record(z.string(), z.unknown()),
    bodyName: 'target_raid_config',
    answers: { 204: null },
    handle: async (call) => {
      await call.api.services.hardware.setRaid((await nodeOf(call)).uuid, call.body)
      return { status: 204 }
    },
  }),
  route({
    ...orders,
    method: 'PUT',
    path: '/v1/nodes/:ident/management/inject_nmi',
    since: 29,
    auth: 'baremetal:node:inject_nmi',
    audit: 'node.inject_nmi',
    answers: { 204: null },
    handle: async (call) => {
      await call.api.services.hardware.injectNmi((await nodeOf(call)).uuid)
      return { status: 204 }
    },
  }),
]

function consoleRoutes(): DeclaredRoute[] {
  const path = '/v1/nodes/:ident/states/console'
  return [
    route({
      ...reads,
      method: 'GET',
      path,
      since: 1,
      auth: 'baremetal:node:get_console',
      answers: { 200: looseAnswer },
      handle: async (call) => {
        const info = await call.api.services.hardware.console((await nodeOf(call)).uuid)
        return { status: 200, body: { console_enabled: info !== undefined, console_info: info ?? null } }
      },
    }),
    route({
      ...takesAnything,
      method: 'PUT',
      path,
      since: 1,
      auth: 'baremetal:node:set_console_state',
      audit: 'node.set_console',
      // Old clients put it into the query.
      query: { enabled: { since: 1, schema: boolean }, node_ident: { since: 1, schema: text } },
      body: z.strictObject({ enabled: flag }).nullish(),
      bodyName: 'console',
      answers: { 202: null },
      handle: async (call) => {
        const enabled = call.body?.enabled ?? call.query.enabled
        if (enabled === undefined) throw new Fault('missing_parameter', 'Missing mandatory parameter: enabled')
        await call.api.services.hardware.setConsole((await nodeOf(call)).uuid, enabled)
        return { status: 202, location: `/v1/nodes/${call.params.ident}/states/console` }
      },
    }),
  ]
}

/** Firmware settings are not changed below a flow that may be rebooting the machine. */
function checkRest(node: NodeRecord, what: string): void {
  if (node.target_provision_state === null || changeable.has(node.provision_state)) return
  throw new Fault(
    'invalid_state',
    `Cannot change the ${what} of node ${node.uuid} while it is in state "${node.provision_state}".`,
  )
}
