import { findNode } from '../../nodes/find-node.ts'
import { volumeConnectors, volumeTargets } from '../../resources/volumes.ts'
import type { ResourceKind } from '../../store/resource-store.ts'
import { listAnswer, looseAnswer } from '../answers.ts'
import { links } from '../links.ts'
import { boolean, fieldsParam, pageParams, text } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { reads } from './defaults.ts'
import { nodeOf } from './nodes.ts'
import { resourceList, resourceRoutes, type ListCall, type Served } from './resource-routes.ts'

// Volumes had it before the other resources.
const detail = { detail: { since: 32, schema: boolean } }

const common = {
  since: 32,
  policy: 'volume',
  listPolicy: 'volume:list',
  filters: { node: { since: 32, schema: text }, ...detail },
  filterOf: async ({ api, microversion, query }: ListCall) => {
    const ident = query['node']
    const node = typeof ident === 'string' ? await findNode(api.store, { ident, microversion }) : undefined
    return { node_uuid: node?.uuid }
  },
  answer: looseAnswer,
}
const connectors: Served<'volume_connectors'> = {
  ...common,
  resource: volumeConnectors,
  path: 'volume/connectors',
  collection: 'connectors',
}
const targets: Served<'volume_targets'> = {
  ...common,
  resource: volumeTargets,
  path: 'volume/targets',
  collection: 'targets',
}
const read = { ...reads, method: 'GET', since: 32, auth: 'baremetal:volume:list' } as const

export const volumeRoutes: readonly DeclaredRoute[] = [
  route({
    ...read,
    path: '/v1/volume',
    answers: { 200: looseAnswer },
    handle: async ({ base }) => ({ status: 200, body: parts(base, 'volume') }),
  }),
  ...resourceRoutes(connectors),
  ...resourceRoutes(targets),
  route({
    ...read,
    path: '/v1/nodes/:ident/volume',
    answers: { 200: looseAnswer },
    handle: async (call) => ({ status: 200, body: parts(call.base, `nodes/${(await nodeOf(call)).uuid}/volume`) }),
  }),
  ofNode(connectors),
  ofNode(targets),
]

function parts(base: string, path: string): Record<string, unknown> {
  const of = (what: string) => links(base, path, what)
  return { links: of(''), connectors: of('connectors'), targets: of('targets') }
}

function ofNode<K extends ResourceKind>(served: Served<K>): DeclaredRoute {
  return route({
    ...read,
    path: `/v1/nodes/:ident/volume/${served.collection}`,
    query: { ...pageParams, ...fieldsParam, ...detail },
    answers: { 200: listAnswer(served.collection, looseAnswer) },
    handle: async ({ params, ...call }) => {
      const { uuid } = await nodeOf({ ...call, params })
      return resourceList(served, call, { filter: { node_uuid: uuid }, at: `nodes/${uuid}/${served.path}` })
    },
  })
}
