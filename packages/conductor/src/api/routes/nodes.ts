import { z } from 'zod'
import { createNode, type NodesContext } from '../../nodes/create-node.ts'
import { deleteNode } from '../../nodes/delete-node.ts'
import { findNode } from '../../nodes/find-node.ts'
import { patchNode } from '../../nodes/patch-node.ts'
import { whenUnlocked } from '../../nodes/change-node.ts'
import type { NodeRecord } from '../../core/node.ts'
import { nodeAnswer } from '../answers.ts'
import { boolean, fieldsParam } from '../query.ts'
import { route, type ApiContext, type DeclaredRoute, type Request } from '../route.ts'
import { checkNodeFields, nodeView } from '../views.ts'
import { orders, reads, takesAnything } from './defaults.ts'

export const nodesContext = ({ store, services, config }: ApiContext): NodesContext => ({
  store,
  drivers: services.drivers,
  host: config.host,
})

type Asked = Pick<Request, 'api' | 'microversion' | 'suffixed'> & { params: { ident: string } }
/** The node that a path names. */
export const nodeOf = ({ api, params, microversion, suffixed }: Asked): Promise<NodeRecord> =>
  findNode(api.store, { ident: params.ident, microversion, suffixed })

const shown = (node: NodeRecord, call: Pick<Request, 'api' | 'microversion' | 'base'>, fields?: readonly string[]) =>
  nodeView(node, { ...call, fields }, call.api.services.drivers.secretKeys(node))

export const nodeRoutes: readonly DeclaredRoute[] = [
  route({
    ...takesAnything,
    method: 'POST',
    path: '/v1/nodes',
    since: 1,
    auth: 'baremetal:node:create',
    audit: 'node.create',
    answers: { 201: nodeAnswer },
    handle: async (call) => {
      const node = await createNode(nodesContext(call.api), call.body, call.microversion)
      return { status: 201, body: shown(node, call), location: `/v1/nodes/${node.uuid}` }
    },
  }),
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident',
    since: 1,
    auth: 'baremetal:node:get',
    query: fieldsParam,
    answers: { 200: nodeAnswer },
    handle: async (call) => {
      checkNodeFields(call.query.fields, call.microversion)
      return { status: 200, body: shown(await nodeOf(call), call, call.query.fields) }
    },
  }),
  route({
    ...takesAnything,
    method: 'PATCH',
    path: '/v1/nodes/:ident',
    since: 1,
    auth: 'baremetal:node:update',
    audit: 'node.update',
    query: { reset_interfaces: { since: 45, schema: boolean } },
    answers: { 200: nodeAnswer },
    handle: async (call) => {
      const { api, body, microversion, suffixed, params, query, signal } = call
      const request = { ident: params.ident, microversion, suffixed, body, resetInterfaces: query.reset_interfaces }
      const node = await whenUnlocked(api.clock, signal, () => patchNode(nodesContext(api), request))
      return { status: 200, body: shown(node, call) }
    },
  }),
  route({
    ...orders,
    method: 'DELETE',
    path: '/v1/nodes/:ident',
    since: 1,
    auth: 'baremetal:node:delete',
    audit: 'node.delete',
    body: z.unknown(),
    answers: { 204: null },
    handle: async (call) => {
      await whenUnlocked(call.api.clock, call.signal, async () => deleteNode(call.api.store, await nodeOf(call)))
      return { status: 204 }
    },
  }),
]
