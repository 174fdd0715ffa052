import { Fault } from '@ferrite/shared/fault'
import { whenUnlocked } from '../../nodes/change-node.ts'
import { attachVif, detachVif, listVifs, vifRequest } from '../../nodes/vifs.ts'
import { looseAnswer } from '../answers.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { tooNew } from '../versions.ts'
import { orders, reads, takes } from './defaults.ts'
import { nodeOf, nodesContext } from './nodes.ts'

export const nodeVifRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident/vifs',
    since: 28,
    auth: 'baremetal:node:vif:list',
    answers: { 200: looseAnswer },
    handle: async (call) => ({
      status: 200,
      body: { vifs: await listVifs(nodesContext(call.api), await nodeOf(call)) },
    }),
  }),
  route({
    ...takes,
    method: 'POST',
    path: '/v1/nodes/:ident/vifs',
    since: 28,
    auth: 'baremetal:node:vif:attach',
    audit: 'node.vif.attach',
    body: vifRequest,
    bodyName: 'vif',
    answers: { 204: null },
    handle: async (call) => {
      const { api, body, microversion, signal } = call
      if (microversion < 67 && ('port_uuid' in body || 'portgroup_uuid' in body)) throw tooNew(67)
      if (body.port_uuid !== undefined && body.portgroup_uuid !== undefined) {
        throw new Fault('invalid', 'Cannot specify both port_uuid and portgroup_uuid')
      }
      const node = await nodeOf(call)
      await whenUnlocked(api.clock, signal, () => attachVif(nodesContext(api), node, body))
      return { status: 204 }
    },
  }),
  route({
    ...orders,
    method: 'DELETE',
    path: '/v1/nodes/:ident/vifs/:vif',
    since: 28,
    auth: 'baremetal:node:vif:detach',
    audit: 'node.vif.detach',
    answers: { 204: null },
    handle: async (call) => {
      const { api, params, signal } = call
      const node = await nodeOf(call)
      await whenUnlocked(api.clock, signal, () => detachVif(nodesContext(api), node, params.vif))
      return { status: 204 }
    },
  }),
]
