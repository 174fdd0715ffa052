import { Fault } from '@ferrite/shared/fault'
import { looseAnswer } from '../answers.ts'
import { anyBody } from '../body.ts'
import { text } from '../query.ts'
import { route, type Auth, type DeclaredRoute, type Method } from '../route.ts'
import { depth, reads } from './defaults.ts'
import { nodeOf } from './nodes.ts'

type Unsupported = {
  method: Method
  path: string
  since: number
  tooOld?: 'not_acceptable'
  /** What the driver cannot do, in the words of the refusal. */
  extension: string
  /** Ironic answers 404 for RAID and 400 for the rest. */
  status: 400 | 404
}

/** Calls that Ironic has and that no driver here implements: its own refusal, so that nothing pretends. */
const calls: readonly Unsupported[] = [
  { method: 'PUT', path: 'states/raid', since: 12, tooOld: 'not_acceptable', extension: 'raid', status: 404 },
  { method: 'PUT', path: 'states/boot_mode', since: 76, extension: 'set_boot_mode', status: 400 },
  { method: 'PUT', path: 'states/secure_boot', since: 76, extension: 'set_secure_boot_state', status: 400 },
  { method: 'GET', path: 'states/console', since: 1, extension: 'console', status: 400 },
  { method: 'PUT', path: 'states/console', since: 1, extension: 'console', status: 400 },
  { method: 'PUT', path: 'management/inject_nmi', since: 29, extension: 'inject_nmi', status: 400 },
  { method: 'GET', path: 'management/indicators', since: 63, extension: 'get_supported_indicators', status: 400 },
  { method: 'GET', path: 'management/indicators/:indicator', since: 63, extension: 'get_indicator_state', status: 400 },
  { method: 'PUT', path: 'management/indicators/:indicator', since: 63, extension: 'set_indicator_state', status: 400 },
  { method: 'GET', path: 'vmedia', since: 93, extension: 'get_virtual_media', status: 400 },
  { method: 'POST', path: 'vmedia', since: 89, extension: 'attach_virtual_media', status: 400 },
  { method: 'DELETE', path: 'vmedia', since: 89, extension: 'detach_virtual_media', status: 400 },
  { method: 'GET', path: 'vendor_passthru', since: 1, extension: 'vendor_passthru', status: 400 },
  { method: 'POST', path: 'vendor_passthru', since: 1, extension: 'vendor_passthru', status: 400 },
  { method: 'PUT', path: 'vendor_passthru', since: 1, extension: 'vendor_passthru', status: 400 },
  { method: 'DELETE', path: 'vendor_passthru', since: 1, extension: 'vendor_passthru', status: 400 },
]

export const nodeUnsupportedRoutes: readonly DeclaredRoute[] = [
  ...calls.map(unsupportedRoute),
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident/vendor_passthru/methods',
    since: 1,
    auth: 'baremetal:node:vendor_passthru',
    answers: { 200: looseAnswer },
    handle: async (call) => {
      await nodeOf(call)
      return { status: 200, body: {} }
    },
  }),
]

function unsupportedRoute({ method, path, since, tooOld, extension, status }: Unsupported): DeclaredRoute {
  const auth: Auth = `baremetal:node:${extension}`
  return route({
    ...reads,
    method,
    path: `/v1/nodes/:ident/${path}`,
    since,
    ...(tooOld ? { tooOld } : {}),
    auth,
    audit: method === 'GET' ? null : `node.${extension}`,
    maxBody: 64 * 1024,
    depth,
    query: { method: { since: 1, schema: text }, device_types: { since: 89, schema: text } },
    body: anyBody,
    answers: {},
    handle: async ({ params, ...call }) => {
      const node = await nodeOf({ ...call, params })
      throw new Fault(
        status === 404 ? 'not_found' : 'unsupported',
        `Driver ${node.driver} does not support ${extension} (disabled or not implemented).`,
      )
    },
  })
}
