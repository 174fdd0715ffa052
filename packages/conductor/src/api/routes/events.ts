import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { looseAnswer } from '../answers.ts'
import { eventStream } from '../event-stream.ts'
import { text } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { findNode } from '../../nodes/find-node.ts'
import { maxVersion } from '../versions.ts'
import { reads } from './defaults.ts'

const heartbeatMs = 15_000
const number = z
  .string()
  .regex(/^\d{1,15}$/, 'after must be the number of an event')
  .transform(Number)

export const eventRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    method: 'GET',
    path: '/ferrite/v1/events',
    streams: true,
    since: 1,
    auth: 'ferrite:events:get',
    query: { after: { since: 1, schema: number }, node: { since: 1, schema: text } },
    answers: { 200: null },
    handle: async ({ api, query, headers, signal }) => {
      const last = headers['last-event-id']
      const after = typeof last === 'string' && /^\d{1,15}$/.test(last) ? Number(last) : query.after
      const ident = query.node
      const node = ident === undefined ? undefined : await findNode(api.store, { ident, microversion: maxVersion })
      const { store } = api
      const { events } = api.services
      const stream = eventStream({ store, events }, { after, node_uuid: node?.uuid, signal, heartbeatMs })
      return { status: 200, stream, headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' } }
    },
  }),
  route({
    ...reads,
    method: 'GET',
    path: '/ferrite/v1/nodes/:ident/progress',
    since: 1,
    auth: 'ferrite:progress:get',
    answers: { 200: looseAnswer },
    handle: async ({ api, params }) => {
      const node = await findNode(api.store, { ident: params.ident, microversion: maxVersion })
      const event = api.services.events.progress(node.uuid)
      if (!event) throw new Fault('not_found', `Node ${node.uuid} is not being written to.`)
      return { status: 200, body: event }
    },
  }),
]
