import { Fault } from '@ferrite/shared/fault'
import { looseAnswer } from '../answers.ts'
import { anyBody } from '../body.ts'
import { text } from '../query.ts'
import { route, type Answer, type DeclaredRoute, type Request } from '../route.ts'
import { depth, reads } from './defaults.ts'
import { nodeOf } from './nodes.ts'

const verbs = ['GET', 'POST', 'PUT', 'DELETE'] as const
const path = '/v1/nodes/:ident/vendor_passthru'

/** Methods that a node's driver offers beyond the API, named in the path or in `?method=`. */
export const nodeVendorRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path: `${path}/methods`,
    since: 1,
    auth: 'baremetal:node:vendor_passthru',
    answers: { 200: looseAnswer },
    handle: async (call) => ({
      status: 200,
      body: await call.api.services.hardware.vendorMethods((await nodeOf(call)).uuid),
    }),
  }),
  ...verbs.flatMap((verb) => [passthru(verb, path), passthru(verb, `${path}/:method`)]),
]

function passthru(verb: (typeof verbs)[number], at: string): DeclaredRoute {
  return route({
    ...reads,
    method: verb,
    path: at,
    since: 1,
    auth: 'baremetal:node:vendor_passthru',
    audit: verb === 'GET' ? null : 'node.vendor_passthru',
    maxBody: 64 * 1024,
    depth,
    query: { method: { since: 1, schema: text } },
    body: anyBody,
    answers: { 200: looseAnswer, 202: null },
    handle: ({ params, ...call }) => answer({ ...call, params }, verb),
  })
}

type Asked = Pick<Request, 'api' | 'microversion' | 'suffixed' | 'params' | 'body'> & { query: { method?: string } }

async function answer(call: Asked, verb: string): Promise<Answer> {
  const node = await nodeOf({ ...call, params: { ident: call.params['ident'] ?? '' } })
  const method = call.params['method'] ?? call.query.method
  if (method === undefined) throw new Fault('missing_parameter', 'Missing mandatory parameter: method')
  const args = call.body ?? {}
  if (typeof args !== 'object' || Array.isArray(args)) {
    throw new Fault('invalid', 'Schema error for vendor_passthru: the body must be an object')
  }
  const asked = { method, verb, args: args as Record<string, unknown> }
  const result = await call.api.services.hardware.callVendor(node.uuid, asked)
  return result.async ? { status: 202 } : { status: 200, body: result.body ?? null }
}
