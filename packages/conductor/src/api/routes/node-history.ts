import { Fault } from '@ferrite/shared/fault'
import { maskedText } from '@ferrite/shared/redact'
import type { HistoryEntry } from '../../store/store.ts'
import { looseAnswer } from '../answers.ts'
import { collection, pageOf } from '../collection.ts'
import { links } from '../links.ts'
import { boolean, pageParams, type QueryOf } from '../query.ts'
import { route, type Answer, type DeclaredRoute, type Request } from '../route.ts'
import { reads } from './defaults.ts'
import { nodeOf } from './nodes.ts'

const listedLength = 255
const shortened = (text: string): string =>
  text.length > listedLength ? `${text.slice(0, listedLength - 3)}...` : text

export const nodeHistoryRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident/history',
    since: 78,
    auth: 'baremetal:node:history:get',
    query: { ...pageParams, detail: { since: 78, schema: boolean } },
    answers: { 200: looseAnswer },
    handle: (call) => historyOf(call, call.query.detail === true),
  }),
  route({
    ...reads,
    method: 'GET',
    // Ironic's own command line client asks for details this way.
    path: '/v1/nodes/:ident/history/detail',
    since: 78,
    auth: 'baremetal:node:history:get',
    query: pageParams,
    answers: { 200: looseAnswer },
    handle: (call) => historyOf(call, true),
  }),
  route({
    ...reads,
    method: 'GET',
    path: '/v1/nodes/:ident/history/:event',
    since: 78,
    auth: 'baremetal:node:history:get',
    answers: { 200: looseAnswer },
    handle: async (call) => {
      const { api, params, base, microversion } = call
      const node = await nodeOf(call)
      const entry = await api.store.historyEntry(node.uuid, params.event)
      if (!entry) throw new Fault('not_found', `Node history record ${params.event.slice(0, 64)} could not be found.`)
      return { status: 200, body: historyView(entry, { base, microversion, detail: true, whole: true }) }
    },
  }),
]

type Asked = Pick<Request, 'api' | 'base' | 'microversion' | 'suffixed'> & {
  params: { ident: string }
  query: QueryOf<typeof pageParams>
}

async function historyOf(call: Asked, detail: boolean): Promise<Answer> {
  const { api, query, base, microversion } = call
  const node = await nodeOf(call)
  const page = pageOf(query)
  const entries = await api.store.history(node.uuid, page)
  const body = collection(
    'history',
    entries,
    (entry) => historyView(entry, { base, microversion, detail, whole: detail }),
    { base, resource: `nodes/${node.uuid}/history`, limit: page.limit, query },
    (entry) => entry.uuid,
  )
  return { status: 200, body }
}

type HistoryLook = { base: string; microversion: number; detail: boolean; whole: boolean }

function historyView(entry: HistoryEntry, look: HistoryLook): Record<string, unknown> {
  const { uuid, node_uuid, created_at, severity } = entry
  const event = maskedText(entry.event)
  const short = { uuid, created_at, severity, event: look.whole ? event : shortened(event) }
  return {
    ...short,
    ...(look.detail ? details(entry, look.microversion) : {}),
    links: links(look.base, `nodes/${node_uuid}/history`, uuid),
  }
}

const details = (entry: HistoryEntry, microversion: number): Record<string, unknown> => ({
  event_type: entry.event_type,
  conductor: entry.conductor,
  user: entry.user,
  ...(microversion >= 113 ? { project: entry.project } : {}),
  ...(microversion >= 115
    ? {
        state: entry.state,
        target_provision_state: entry.target_provision_state,
        duration_seconds: entry.duration_seconds,
      }
    : {}),
})
