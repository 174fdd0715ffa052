import { z } from 'zod'
import { mac } from '@ferrite/shared/contracts/ports'
import { findNode } from '../../nodes/find-node.ts'
import { portgroups } from '../../resources/portgroups.ts'
import { findResource } from '../../resources/resource.ts'
import { listAnswer, looseAnswer, portAnswer } from '../answers.ts'
import { shownFields } from '../collection.ts'
import { detailParam, fieldsParam, list, pageParams, text } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { portListFields } from '../views.ts'
import { reads } from './defaults.ts'
import { nodeOf } from './nodes.ts'
import { portList } from './ports.ts'
import { resourceList, resourceRoutes, type Served } from './resource-routes.ts'

const served: Served<'portgroups'> = {
  resource: portgroups,
  path: 'portgroups',
  collection: 'portgroups',
  since: 23,
  policy: 'portgroup',
  listPolicy: 'portgroup:list',
  parts: { ports: 24 },
  detailPath: true,
  filters: {
    address: { since: 23, schema: z.string().max(64).pipe(mac) },
    node: { since: 24, schema: text },
    shard: { since: 106, schema: list },
    conductor_groups: { since: 99, schema: list },
  },
  filterOf: async ({ api, microversion, query }) => {
    const { address, node: ident, shard, conductor_groups: conductor_group } = query as Filters
    const node = ident === undefined ? undefined : await findNode(api.store, { ident, microversion })
    return { address, node_uuid: node?.uuid, shard, conductor_group }
  },
  answer: looseAnswer,
}
type Filters = { address?: string; node?: string; shard?: string[]; conductor_groups?: string[] }

const part = { ...reads, method: 'GET', since: 24, query: { ...pageParams, ...fieldsParam, ...detailParam } } as const

export const portgroupRoutes: readonly DeclaredRoute[] = [
  ...resourceRoutes(served),
  route({
    ...part,
    path: '/v1/portgroups/:id/ports',
    auth: 'baremetal:port:list',
    answers: { 200: listAnswer('ports', portAnswer) },
    handle: async (call) => {
      const { uuid } = await findResource(call.api, portgroups, call.params.id)
      const query = { ...call.query, portgroup: uuid }
      return portList({ ...call, query }, shownFields(call.query, portListFields), `portgroups/${uuid}/ports`)
    },
  }),
  route({
    ...part,
    query: pageParams,
    path: '/v1/portgroups/:id/ports/detail',
    auth: 'baremetal:port:list',
    answers: { 200: listAnswer('ports', portAnswer) },
    handle: async (call) => {
      const { uuid } = await findResource(call.api, portgroups, call.params.id)
      const query = { ...call.query, portgroup: uuid }
      return portList({ ...call, query }, undefined, `portgroups/${uuid}/ports/detail`)
    },
  }),
  route({
    ...part,
    path: '/v1/nodes/:ident/portgroups',
    auth: 'baremetal:portgroup:list',
    answers: { 200: listAnswer('portgroups', looseAnswer) },
    handle: async (call) => {
      const { uuid } = await nodeOf(call)
      return resourceList(served, call, { filter: { node_uuid: uuid }, at: `nodes/${uuid}/portgroups` })
    },
  }),
  route({
    ...part,
    query: pageParams,
    path: '/v1/nodes/:ident/portgroups/detail',
    auth: 'baremetal:portgroup:list',
    answers: { 200: listAnswer('portgroups', looseAnswer) },
    handle: async (call) => {
      const { uuid } = await nodeOf(call)
      const query = { ...call.query, detail: true }
      const at = `nodes/${uuid}/portgroups/detail`
      return resourceList(served, { ...call, query }, { filter: { node_uuid: uuid }, at })
    },
  }),
]
