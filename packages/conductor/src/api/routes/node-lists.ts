import { Fault } from '@ferrite/shared/fault'
import { provisionStates } from '@ferrite/shared/provision'
import { z } from 'zod'
import type { NodeFilter } from '../../store/store.ts'
import { listAnswer, nodeAnswer } from '../answers.ts'
import { collection, pageOf, shownFields } from '../collection.ts'
import {
  boolean,
  detailParam,
  fieldsParam,
  list,
  pageParams,
  text,
  uuid,
  type QueryOf,
  type QueryTable,
} from '../query.ts'
import { route, type Answer, type DeclaredRoute, type Request } from '../route.ts'
import { checkNodeFields, checkSortKey, nodeListFields, nodeView } from '../views.ts'
import { reads } from './defaults.ts'

const provisionState = z.string().refine((value) => (provisionStates as string[]).includes(value), {
  error: (issue) => `Provision state "${String(issue.input).slice(0, 64)}" is not valid`,
})

/** Filters of node lists, with the microversions that know them. */
const filters = {
  associated: { since: 1, schema: boolean },
  instance_uuid: { since: 1, schema: uuid },
  chassis_uuid: { since: 1, schema: uuid },
  maintenance: { since: 1, schema: boolean },
  provision_state: { since: 9, schema: provisionState },
  driver: { since: 16, schema: text },
  resource_class: { since: 21, schema: text },
  fault: { since: 42, schema: text },
  conductor_group: { since: 46, schema: text.transform((value) => value.toLowerCase()) },
  conductor: { since: 49, schema: text },
  owner: { since: 50, schema: text },
  project: { since: 50, schema: text },
  description_contains: { since: 51, schema: text },
  retired: { since: 61, schema: boolean },
  lessee: { since: 65, schema: text },
  shard: { since: 82, schema: list },
  sharded: { since: 82, schema: boolean },
  parent_node: { since: 83, schema: text },
  include_children: { since: 83, schema: boolean },
  instance_name: { since: 104, schema: text },
} as const satisfies QueryTable
const faults = ['power failure', 'clean failure', 'rescue abort failure', 'service failure', 'none']

type Query = QueryOf<typeof filters & typeof pageParams> & { fields?: string[]; detail?: boolean }
type ListCall = Pick<Request, 'api' | 'microversion' | 'base'> & { query: Query }

export const nodeListRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes',
    since: 1,
    auth: 'baremetal:node:list',
    query: { ...pageParams, ...fieldsParam, ...detailParam, ...filters },
    answers: { 200: listAnswer('nodes', nodeAnswer) },
    handle: (call) => nodeList(call, shownFields(call.query, nodeListFields), 'nodes'),
  }),
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/detail',
    since: 1,
    auth: 'baremetal:node:list',
    query: { ...pageParams, ...filters },
    answers: { 200: listAnswer('nodes', nodeAnswer) },
    handle: (call) => nodeList(call, undefined, 'nodes/detail'),
  }),
]

/** Nodes wherever they are listed; `resource` is the path of the next page's link. */
export async function nodeList(
  call: ListCall,
  fields: readonly string[] | undefined,
  resource: string,
): Promise<Answer> {
  const { api, microversion, base, query } = call
  checkNodeFields(query.fields, microversion)
  checkSortKey(query.sort_key, 'node', microversion)
  const page = pageOf(query)
  const nodes = await api.store.nodes(filterOf(query), page)
  const { drivers } = api.services
  // One node at most has an instance, so such an answer is never a page of many.
  const limit = query.instance_uuid === undefined ? page.limit : Number.POSITIVE_INFINITY
  const body = collection(
    'nodes',
    nodes,
    (node) => nodeView(node, { microversion, base, fields }, drivers.secretKeys(node)),
    { base, resource, limit, query },
    (node) => node.uuid,
  )
  return { status: 200, body }
}

function filterOf(query: Query): NodeFilter {
  if (query.fault !== undefined && !faults.includes(query.fault)) {
    throw new Fault(
      'invalid',
      `Unrecognized fault "${query.fault.slice(0, 64)}" is specified, allowed faults are ${faults.join(', ')}`,
    )
  }
  const { limit: _l, marker: _m, sort_key: _k, sort_dir: _d, fields: _f, detail: _t, include_children, ...rest } = query
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return { ...given, include_children: include_children === true || query.instance_uuid !== undefined }
}
