import { z } from 'zod'
import { allocationStates } from '@ferrite/shared/contracts/allocations'
import { Fault } from '@ferrite/shared/fault'
import { whenUnlocked } from '../../nodes/change-node.ts'
import { allocations } from '../../resources/allocations.ts'
import { looseAnswer } from '../answers.ts'
import { fieldsParam, text } from '../query.ts'
import { checkResourceFields, resourceView } from '../resource-view.ts'
import { route, type DeclaredRoute, type Request } from '../route.ts'
import { orders, reads } from './defaults.ts'
import { nodeOf } from './nodes.ts'
import { resourceContext, resourceRoutes } from './resource-routes.ts'

const shape = { path: 'allocations', fields: allocations.fields }
const state = z.enum(allocationStates, {
  error: (issue) => `Allocation state "${String(issue.input).slice(0, 64)}" is not valid`,
})
type Filters = { node?: string; resource_class?: string; state?: string; owner?: string }

export const allocationRoutes: readonly DeclaredRoute[] = [
  ...resourceRoutes({
    resource: allocations,
    path: 'allocations',
    collection: 'allocations',
    since: 52,
    patchSince: 57,
    policy: 'allocation',
    listPolicy: 'allocation:list',
    writes: { tooOld: 'method_not_allowed' },
    listsWhole: true,
    filters: {
      node: { since: 52, schema: text },
      resource_class: { since: 52, schema: text },
      state: { since: 52, schema: state },
      owner: { since: 60, schema: text },
    },
    filterOf: async ({ api, query }) => {
      const { node: ident, ...rest } = filtersOf(query)
      if (ident === undefined) return rest
      const node = await api.store.node(ident)
      if (!node) throw new Fault('invalid', `Node ${ident.slice(0, 255)} could not be found.`)
      return { ...rest, node_uuid: node.uuid }
    },
    answer: looseAnswer,
    afterCreate: ({ services }, { uuid, state: now }) => {
      if (now === 'allocating') services.allocations.place(uuid)
    },
  }),
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident/allocation',
    since: 52,
    auth: 'baremetal:allocation:get',
    query: fieldsParam,
    answers: { 200: looseAnswer },
    handle: async (call) => {
      const { microversion, base, query } = call
      checkResourceFields(shape, query.fields, microversion)
      const body = resourceView(shape, await ofNode(call), { microversion, base, fields: query.fields })
      return { status: 200, body }
    },
  }),
  route({
    ...orders,
    method: 'DELETE',
    path: '/v1/nodes/:ident/allocation',
    since: 52,
    tooOld: 'method_not_allowed',
    auth: 'baremetal:allocation:delete',
    audit: 'allocation.delete',
    answers: { 204: null },
    handle: async (call) => {
      const { api, signal } = call
      await whenUnlocked(api.clock, signal, async () => allocations.remove(resourceContext(api), await ofNode(call)))
      return { status: 204 }
    },
  }),
]

const filtersOf = ({ node, resource_class, state: wanted, owner }: Record<string, unknown>): Filters =>
  ({ node, resource_class, state: wanted, owner }) as Filters

type Asked = Pick<Request, 'api' | 'microversion' | 'suffixed'> & { params: { ident: string } }

async function ofNode(call: Asked) {
  const node = await nodeOf(call)
  const [allocation] = await call.api.store.resources.list('allocations', { node_uuid: node.uuid })
  if (!allocation) throw new Fault('not_found', `Allocation for node ${node.uuid} could not be found.`)
  return allocation
}
