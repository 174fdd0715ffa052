import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { masked } from '@ferrite/shared/redact'
import { looseAnswer } from '../answers.ts'
import { list } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { orders, reads, takes } from './defaults.ts'
import { nodeOf } from './nodes.ts'

const path = '/v1/nodes/:ident/vmedia'
const devices = ['cdrom', 'disk', 'floppy'] as const
const schemes = ['http:', 'https:', 'nfs:', 'cifs:']

/** Virtual media of a node's BMC, beside those that a deploy uses. */
export const nodeVmediaRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path,
    since: 93,
    auth: 'baremetal:node:vmedia:get',
    answers: { 200: looseAnswer },
    handle: async (call) => ({
      status: 200,
      body: masked(await call.api.services.hardware.virtualMedia((await nodeOf(call)).uuid)),
    }),
  }),
  route({
    ...takes,
    method: 'POST',
    path,
    since: 89,
    auth: 'baremetal:node:vmedia:attach',
    audit: 'node.vmedia.attach',
    body: z.strictObject({
      device_type: z.enum(devices),
      image_url: z.string().min(1).max(4096),
      image_download_source: z.enum(['http', 'local', 'swift']).default('local'),
    }),
    bodyName: 'vmedia',
    answers: { 204: null },
    handle: async (call) => {
      checkScheme(call.body.image_url)
      await call.api.services.hardware.attachVirtualMedia((await nodeOf(call)).uuid, call.body)
      return { status: 204 }
    },
  }),
  route({
    ...orders,
    method: 'DELETE',
    path,
    since: 89,
    auth: 'baremetal:node:vmedia:detach',
    audit: 'node.vmedia.detach',
    query: { device_types: { since: 89, schema: list } },
    answers: { 204: null },
    handle: async (call) => {
      await call.api.services.hardware.detachVirtualMedia((await nodeOf(call)).uuid, known(call.query.device_types))
      return { status: 204 }
    },
  }),
  route({
    ...orders,
    method: 'DELETE',
    path: `${path}/:device`,
    since: 89,
    auth: 'baremetal:node:vmedia:detach',
    audit: 'node.vmedia.detach',
    answers: { 204: null },
    handle: async (call) => {
      await call.api.services.hardware.detachVirtualMedia((await nodeOf(call)).uuid, known([call.params.device]))
      return { status: 204 }
    },
  }),
]

/** Fault invalid for types of device that no machine has. */
function known(types: readonly string[] | undefined): readonly string[] | undefined {
  const wrong = (types ?? []).filter((type) => !(devices as readonly string[]).includes(type))
  if (wrong.length === 0) return types
  throw new Fault(
    'invalid',
    `Invalid device type(s) ${wrong.join(', ').slice(0, 255)} (valid are ${devices.join(', ')})`,
  )
}

function checkScheme(url: string): void {
  const scheme = URL.canParse(url) ? new URL(url).protocol : ''
  if (schemes.includes(scheme)) return
  throw new Fault('invalid', `Unsupported or missing URL scheme: ${scheme.replace(/:$/, '').slice(0, 32)}`)
}
