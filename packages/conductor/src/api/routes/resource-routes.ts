import { z } from 'zod'
import { whenUnlocked } from '../../nodes/change-node.ts'
import { findResource, type Resource, type ResourceContext } from '../../resources/resource.ts'
import type { ResourceFilter, ResourceKind, ResourceRecords } from '../../store/resource-store.ts'
import { listAnswer } from '../answers.ts'
import { collection, pageOf, shownFields } from '../collection.ts'
import { detailParam, fieldsParam, pageParams, type QueryTable } from '../query.ts'
import { checkResourceFields, checkResourceSort, resourceView } from '../resource-view.ts'
import { route, type Answer, type ApiContext, type DeclaredRoute, type Request } from '../route.ts'
import { orders, reads, takesAnything } from './defaults.ts'

export const resourceContext = ({ store, config }: ApiContext): ResourceContext => ({ store, host: config.host })

/** How a resource is served: the same six routes for each, and what is particular to it. */
export type Served<K extends ResourceKind> = {
  resource: Resource<K>
  /** Below /v1, as links show it. */
  path: string
  /** Name of the list in a collection. */
  collection: string
  since: number
  /** Part of the rules' names between `baremetal:` and the verb. */
  policy: string
  /** Rule of the list, where it has one of its own. */
  listPolicy?: string
  /** Writing with an older version is a method that is not there, as Ironic has it for some. */
  writes?: { tooOld: 'method_not_allowed' }
  patchSince?: number
  /** Parts that are links of their own, with their microversions. */
  parts?: Readonly<Record<string, number>>
  /** Lists show every field unless asked for less. */
  listsWhole?: true
  detailPath?: true
  filters: QueryTable
  filterOf(call: ListCall): ResourceFilter | Promise<ResourceFilter>
  answer: z.ZodType
  /** Changes what is shown, before fields are chosen. */
  show?(record: ResourceRecords[K]): Record<string, unknown>
  afterCreate?(api: ApiContext, record: ResourceRecords[K]): void
}
export type ListCall = Pick<Request, 'api' | 'microversion' | 'base'> & { query: Record<string, unknown> }

export function resourceRoutes<K extends ResourceKind>(served: Served<K>): readonly DeclaredRoute[] {
  return [...listRoutes(served), createRoute(served), ...oneRoutes(served)]
}

const shape = <K extends ResourceKind>({ path, resource, parts }: Served<K>) => ({
  path,
  fields: resource.fields,
  ...(parts ? { parts } : {}),
})

function listRoutes<K extends ResourceKind>(served: Served<K>): DeclaredRoute[] {
  const { path, since, policy, listPolicy, filters, answer } = served
  const common = {
    ...reads,
    method: 'GET',
    since,
    auth: `baremetal:${listPolicy ?? `${policy}:get`}`,
    answers: { 200: listAnswer(served.collection, answer) },
  } as const
  const list = route({
    ...common,
    path: `/v1/${path}`,
    query: { ...pageParams, ...fieldsParam, ...detailParam, ...filters },
    handle: async (call) => resourceList(served, call, { filter: await served.filterOf(call), at: path }),
  })
  if (!served.detailPath) return [list]
  const detail = route({
    ...common,
    path: `/v1/${path}/detail`,
    query: { ...pageParams, ...filters },
    handle: async (call) => {
      const query = { ...call.query, detail: true }
      return resourceList(served, { ...call, query }, { filter: await served.filterOf(call), at: `${path}/detail` })
    },
  })
  return [list, detail]
}

type Paging = { limit?: number; marker?: string; sort_key?: string; sort_dir?: 'asc' | 'desc' }

/** A page of the resource, wherever it is listed. `at` is the path of the next page's link. */
export async function resourceList<K extends ResourceKind>(
  served: Served<K>,
  call: ListCall,
  { filter, at }: { filter: ResourceFilter; at: string },
): Promise<Answer> {
  const { api, microversion, base } = call
  const query = call.query as Paging & { fields?: string[]; detail?: boolean }
  const known = shape(served)
  checkResourceFields(known, query.fields, microversion)
  checkResourceSort(known, query.sort_key, microversion)
  const short = Object.entries(served.resource.fields).flatMap(([name, field]) => (field.short ? [name] : []))
  const asked = shownFields(query, short)
  const fields = served.listsWhole ? query.fields : asked
  const page = pageOf(query)
  const records = await api.store.resources.list(served.resource.kind, filter, page)
  const body = collection(
    served.collection,
    records,
    (record) => resourceView(known, served.show?.(record) ?? record, { microversion, base, fields }),
    { base, resource: at, limit: page.limit, query: at.endsWith('/detail') ? { ...query, detail: undefined } : query },
    (record) => record.uuid,
  )
  return { status: 200, body }
}

const whole = <K extends ResourceKind>(
  served: Served<K>,
  record: ResourceRecords[K],
  { microversion, base }: Pick<Request, 'microversion' | 'base'>,
  fields?: readonly string[],
) => resourceView(shape(served), served.show?.(record) ?? record, { microversion, base, fields })

function createRoute<K extends ResourceKind>(served: Served<K>): DeclaredRoute {
  const { path, resource, since, policy, writes } = served
  return route({
    ...takesAnything,
    ...writes,
    method: 'POST',
    path: `/v1/${path}`,
    since,
    auth: `baremetal:${policy}:create`,
    audit: `${resource.noun.replaceAll(' ', '_')}.create`,
    answers: { 201: served.answer },
    handle: async (call) => {
      const { api, body, microversion, signal } = call
      const record = await whenUnlocked(api.clock, signal, () =>
        resource.create(resourceContext(api), body, microversion),
      )
      served.afterCreate?.(api, record)
      return { status: 201, body: whole(served, record, call), location: `/v1/${path}/${record.uuid}` }
    },
  })
}

function oneRoutes<K extends ResourceKind>(served: Served<K>): DeclaredRoute[] {
  const { resource, since, policy, writes } = served
  const path = `/v1/${served.path}/:id` as const
  const audit = resource.noun.replaceAll(' ', '_')
  const of = ({ api, params }: { api: ApiContext; params: { id: string } }) => findResource(api, resource, params.id)
  return [
    route({
      ...reads,
      method: 'GET',
      path,
      since,
      auth: `baremetal:${policy}:get`,
      query: fieldsParam,
      answers: { 200: served.answer },
      handle: async (call) => {
        checkResourceFields(shape(served), call.query.fields, call.microversion)
        return { status: 200, body: whole(served, await of(call), call, call.query.fields) }
      },
    }),
    route({
      ...takesAnything,
      ...writes,
      method: 'PATCH',
      path,
      since: served.patchSince ?? since,
      auth: `baremetal:${policy}:update`,
      audit: `${audit}.update`,
      answers: { 200: served.answer },
      handle: async (call) => {
        const { api, body, microversion, signal } = call
        const record = await whenUnlocked(api.clock, signal, async () =>
          resource.patch(resourceContext(api), await of(call), body, microversion),
        )
        return { status: 200, body: whole(served, record, call) }
      },
    }),
    route({
      ...orders,
      ...writes,
      method: 'DELETE',
      path,
      since,
      auth: `baremetal:${policy}:delete`,
      audit: `${audit}.delete`,
      answers: { 204: null },
      handle: async (call) => {
        const { api, signal } = call
        await whenUnlocked(api.clock, signal, async () => resource.remove(resourceContext(api), await of(call)))
        return { status: 204 }
      },
    }),
  ]
}
