import { Readable } from 'node:stream'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import { maskedText } from '@ferrite/shared/redact'
import type { EventBus } from '../core/services.ts'
import { openInbox, type EventInbox } from './event-inbox.ts'
import type { Store } from '../store/store.ts'

type Source = { store: Store; events: EventBus }
export type StreamRequest = {
  /** Number of the last stored event that the client has seen; undefined starts with what happens from now on. */
  after: number | undefined
  node_uuid: string | undefined
  signal: AbortSignal
  heartbeatMs: number
}

const pageSize = 500
/** A client that does not read this many waiting events is cut off; it can come back with Last-Event-ID. */
const mostWaiting = 10_000

/** Server-sent events: first what was stored after `after`, then what happens, without a gap or a repetition. */
export function eventStream(source: Source, request: StreamRequest): Readable {
  const inbox = openInbox(source.events, request.node_uuid, mostWaiting)
  const stream = Readable.from(chunks(source, inbox, request), { objectMode: false })
  const wake = () => inbox.wake()
  const heartbeat = setInterval(wake, request.heartbeatMs)
  request.signal.addEventListener('abort', wake)
  stream.once('close', () => {
    clearInterval(heartbeat)
    request.signal.removeEventListener('abort', wake)
    inbox.close()
    wake()
  })
  return stream
}

async function* chunks({ store, events }: Source, inbox: EventInbox, request: StreamRequest): AsyncGenerator<string> {
  let seen = request.after ?? (await store.lastEventId())
  yield ': events\n\n'
  for await (const event of replay(store, seen)) {
    seen = event.id
    if (matches(event, request)) yield frame(event)
  }
  const current = request.node_uuid === undefined ? undefined : events.progress(request.node_uuid)
  if (current) yield frame(current)
  while (!request.signal.aborted && !inbox.overflown()) {
    const event = inbox.take()
    if (event === undefined) {
      await inbox.wait()
      yield ': alive\n\n'
    } else if (event.type === 'progress') yield frame(event)
    else if (event.id > seen) {
      seen = event.id
      yield frame(event)
    }
  }
}

const matches = (event: FerriteEvent, { node_uuid }: StreamRequest): boolean =>
  node_uuid === undefined || event.node_uuid === node_uuid

async function* replay(store: Store, after: number): AsyncGenerator<FerriteEvent> {
  let from = after
  for (;;) {
    const page = await store.eventsAfter(from, pageSize)
    yield* page
    const last = page.at(-1)
    if (!last || page.length < pageSize) return
    from = last.id
  }
}

/** Progress carries no id: it is not stored, so it must not move the point from which a client resumes. */
const frame = (event: FerriteEvent): string =>
  `${event.type === 'progress' ? '' : `id: ${event.id}\n`}event: ${event.type}\ndata: ${JSON.stringify(maskedEvent(event))}\n\n`

function maskedEvent(event: FerriteEvent): FerriteEvent {
  if (event.type === 'provision_state' && event.last_error !== null) {
    return { ...event, last_error: maskedText(event.last_error) }
  }
  if (event.type === 'step' && event.error !== null) return { ...event, error: maskedText(event.error) }
  return event
}
