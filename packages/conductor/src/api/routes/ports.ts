import { z } from 'zod'
import { mac } from '@ferrite/shared/contracts/ports'
import { Fault } from '@ferrite/shared/fault'
import { findNode } from '../../nodes/find-node.ts'
import { isUuid } from '../../nodes/names.ts'
import { createPort, deletePort, patchPort } from '../../nodes/ports.ts'
import { whenUnlocked } from '../../nodes/change-node.ts'
import { portgroups } from '../../resources/portgroups.ts'
import { findResource } from '../../resources/resource.ts'
import type { PortFilter } from '../../store/store.ts'
import { listAnswer, portAnswer } from '../answers.ts'
import { collection, pageOf, shownFields } from '../collection.ts'
import { detailParam, fieldsParam, list, pageParams, text, uuid, type QueryOf, type QueryTable } from '../query.ts'
import { route, type Answer, type DeclaredRoute, type Request } from '../route.ts'
import { checkPortFields, checkSortKey, portListFields, portView } from '../views.ts'
import { orders, reads, takesAnything } from './defaults.ts'
import { nodeOf, nodesContext } from './nodes.ts'

const filters = {
  address: { since: 1, schema: z.string().max(64).pipe(mac) },
  node: { since: 5, schema: text },
  node_uuid: { since: 1, schema: uuid },
  portgroup: { since: 24, schema: text },
  shard: { since: 82, schema: list },
  description_contains: { since: 97, schema: text },
  conductor_groups: { since: 99, schema: list },
} as const satisfies QueryTable

type Query = QueryOf<typeof filters & typeof pageParams> & { fields?: string[]; detail?: boolean }
type ListCall = Pick<Request, 'api' | 'microversion' | 'base'> & { query: Query }

export const portRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path: '/v1/ports',
    since: 1,
    auth: 'baremetal:port:list',
    query: { ...pageParams, ...fieldsParam, ...detailParam, ...filters },
    answers: { 200: listAnswer('ports', portAnswer) },
    handle: (call) => portList(call, shownFields(call.query, portListFields), 'ports'),
  }),
  route({
    ...reads,
    method: 'GET',
    path: '/v1/ports/detail',
    since: 1,
    auth: 'baremetal:port:list',
    query: { ...pageParams, ...filters },
    answers: { 200: listAnswer('ports', portAnswer) },
    handle: (call) => portList(call, undefined, 'ports/detail'),
  }),
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident/ports',
    since: 1,
    auth: 'baremetal:port:list',
    query: { ...pageParams, ...fieldsParam, ...detailParam },
    answers: { 200: listAnswer('ports', portAnswer) },
    handle: async (call) => {
      const node = await nodeOf(call)
      const query = { ...call.query, node_uuid: node.uuid }
      return portList({ ...call, query }, shownFields(call.query, portListFields), 'ports')
    },
  }),
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident/ports/detail',
    since: 1,
    auth: 'baremetal:port:list',
    query: pageParams,
    answers: { 200: listAnswer('ports', portAnswer) },
    handle: async (call) => {
      const node = await nodeOf(call)
      return portList({ ...call, query: { ...call.query, node_uuid: node.uuid } }, undefined, 'ports/detail')
    },
  }),
  route({
    ...takesAnything,
    method: 'POST',
    path: '/v1/ports',
    since: 1,
    auth: 'baremetal:port:create',
    audit: 'port.create',
    answers: { 201: portAnswer },
    handle: async ({ api, body, microversion, base, signal }) => {
      const port = await whenUnlocked(api.clock, signal, () => createPort(nodesContext(api), body, microversion))
      return { status: 201, body: portView(port, { microversion, base }), location: `/v1/ports/${port.uuid}` }
    },
  }),
  ...onePort(),
]

function onePort(): DeclaredRoute[] {
  const path = '/v1/ports/:port'
  return [
    route({
      ...reads,
      method: 'GET',
      path,
      since: 1,
      auth: 'baremetal:port:get',
      query: fieldsParam,
      answers: { 200: portAnswer },
      handle: async (call) => {
        const { microversion, base, query } = call
        checkPortFields(query.fields, microversion)
        return { status: 200, body: portView(await portOf(call), { microversion, base, fields: query.fields }) }
      },
    }),
    route({
      ...takesAnything,
      method: 'PATCH',
      path,
      since: 1,
      auth: 'baremetal:port:update',
      audit: 'port.update',
      answers: { 200: portAnswer },
      handle: async (call) => {
        const { api, body, microversion, base, signal } = call
        const port = await whenUnlocked(api.clock, signal, async () =>
          patchPort(nodesContext(api), await portOf(call), body, microversion),
        )
        return { status: 200, body: portView(port, { microversion, base }) }
      },
    }),
    route({
      ...orders,
      method: 'DELETE',
      path,
      since: 1,
      auth: 'baremetal:port:delete',
      audit: 'port.delete',
      answers: { 204: null },
      handle: async (call) => {
        const { api, signal } = call
        await whenUnlocked(api.clock, signal, async () => deletePort(nodesContext(api), await portOf(call)))
        return { status: 204 }
      },
    }),
  ]
}

async function portOf({
  api,
  params,
  microversion,
}: Pick<Request, 'api' | 'microversion'> & { params: { port: string } }) {
  const ident = params.port
  const port = isUuid(ident) || microversion >= 88 ? await api.store.port(ident) : undefined
  if (!port) throw new Fault('not_found', `Port ${ident.slice(0, 255)} could not be found.`)
  return port
}

/** Ports wherever they are listed; `resource` is the path of the next page's link. */
export async function portList(
  call: ListCall,
  fields: readonly string[] | undefined,
  resource: string,
): Promise<Answer> {
  const { api, microversion, base, query } = call
  checkPortFields(query.fields, microversion)
  checkSortKey(query.sort_key, 'port', microversion)
  const page = pageOf(query)
  const ports = await api.store.ports(await filterOf(call), page)
  const body = collection(
    'ports',
    ports,
    (port) => portView(port, { microversion, base, fields }),
    { base, resource, limit: page.limit, query },
    (port) => port.uuid,
  )
  return { status: 200, body }
}

async function filterOf({ api, microversion, query }: ListCall): Promise<PortFilter> {
  const ident = query.node_uuid ?? query.node
  const node = ident === undefined ? undefined : await findNode(api.store, { ident, microversion })
  const { address, description_contains, shard, conductor_groups } = query
  const portgroup =
    query.portgroup === undefined ? undefined : (await findResource(api, portgroups, query.portgroup)).uuid
  return {
    ...(address === undefined ? {} : { address: [address] }),
    ...(node === undefined ? {} : { node_uuid: node.uuid }),
    ...(portgroup === undefined ? {} : { portgroup_uuid: portgroup }),
    ...(description_contains === undefined ? {} : { description_contains }),
    ...(shard === undefined ? {} : { shard }),
    ...(conductor_groups === undefined ? {} : { conductor_groups }),
  }
}
