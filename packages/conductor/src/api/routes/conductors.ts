import { Fault } from '@ferrite/shared/fault'
import { looseAnswer } from '../answers.ts'
import { links } from '../links.ts'
import { boolean, list, pageParams, text } from '../query.ts'
import { route, type ApiContext, type DeclaredRoute } from '../route.ts'
import { reads } from './defaults.ts'

const read = { ...reads, method: 'GET', since: 49, answers: { 200: looseAnswer } } as const
type ConductorFacts = Awaited<ReturnType<ApiContext['store']['conductors']>>[number]
const silentMs = 60_000
const shortFields: readonly string[] = ['hostname', 'conductor_group', 'alive']

export const conductorRoutes: readonly DeclaredRoute[] = [
  route({
    ...read,
    path: '/v1/conductors',
    auth: 'baremetal:conductor:get',
    query: {
      ...pageParams,
      marker: { since: 49, schema: text },
      fields: { since: 49, schema: list },
      detail: { since: 49, schema: boolean },
    },
    handle: async ({ api, base, query }) => {
      const { fields, detail } = query
      if (fields && detail) throw new Fault('invalid', "Can't fetch a subset of fields with 'detail' set")
      const known = sorted(await api.store.conductors(), query.sort_key, query.sort_dir)
      const from = query.marker === undefined ? 0 : known.findIndex(({ hostname }) => hostname === query.marker) + 1
      if (query.marker !== undefined && from === 0) throw notFound(query.marker)
      const page = known.slice(from, from + (query.limit ?? known.length))
      const shown = detail ? undefined : (fields ?? shortFields)
      return { status: 200, body: { conductors: page.map((facts) => conductorView(api, facts, base, shown)) } }
    },
  }),
  route({
    ...read,
    path: '/v1/conductors/:hostname',
    auth: 'baremetal:conductor:get',
    query: { fields: { since: 49, schema: list } },
    handle: async ({ api, base, params, query }) => {
      const facts = (await api.store.conductors()).find(({ hostname }) => hostname === params.hostname)
      if (!facts) throw notFound(params.hostname)
      return { status: 200, body: conductorView(api, facts, base, query.fields) }
    },
  }),
]

const sortKeys = ['id', 'hostname', 'conductor_group', 'created_at', 'updated_at'] as const

function sorted(known: ConductorFacts[], given: string | undefined, direction: string | undefined): ConductorFacts[] {
  const key = sortKeys.find((one) => one === (given ?? 'id'))
  if (!key) {
    const shown = String(given).slice(0, 64)
    throw new Fault('invalid', `The sort_key value "${shown}" is an invalid field for sorting`)
  }
  const by = key === 'id' ? 'hostname' : key
  const rising = known.toSorted((a, b) => a[by].localeCompare(b[by]))
  return direction === 'desc' ? rising.toReversed() : rising
}

const notFound = (hostname: string): Fault =>
  new Fault('not_found', `Conductor ${hostname.slice(0, 255)} could not be found.`)

function conductorView(api: ApiContext, facts: ConductorFacts, base: string, fields?: readonly string[]) {
  const age = api.clock.now().getTime() - Date.parse(facts.updated_at)
  const whole: Record<string, unknown> = { ...facts, alive: facts.hostname === api.config.host || age < silentMs }
  const unknown = fields?.find((field) => field !== 'links' && !Object.hasOwn(whole, field))
  if (unknown !== undefined) throw new Fault('invalid', `Field ${unknown.slice(0, 64)} is not a valid field.`)
  const shown = fields ? Object.fromEntries(Object.entries(whole).filter(([name]) => fields.includes(name))) : whole
  return { ...shown, links: links(base, 'conductors', facts.hostname) }
}
