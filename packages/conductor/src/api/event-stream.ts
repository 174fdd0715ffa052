import { Readable } from 'node:stream'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import { maskedText } from '@ferrite/shared/redact'
import type { EventBus } from '../core/services.ts'
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
export function eventStream({ store, events }: Source, request: StreamRequest): Readable {
  const waiting: FerriteEvent[] = []
  let wake = () => {}
  let overflown = false
  const unsubscribe = events.subscribe((event) => {
    if (request.node_uuid !== undefined && event.node_uuid !== request.node_uuid) return
    if (waiting.length >= mostWaiting) overflown = true
    else waiting.push(event)
    wake()
  })

  async function* chunks(): AsyncGenerator<string> {
    const heartbeat = setInterval(() => wake(), request.heartbeatMs)
    const ended = () => wake()
    request.signal.addEventListener('abort', ended)
    try {
      let seen = request.after ?? (await store.lastEventId())
      yield ': events\n\n'
      for await (const event of replay(store, seen)) {
        seen = event.id
        if (matches(event, request)) yield frame(event)
      }
      const current = request.node_uuid === undefined ? undefined : events.progress(request.node_uuid)
      if (current) yield frame(current)
      while (!request.signal.aborted && !overflown) {
        const event = waiting.shift()
        if (event) {
          if (event.type !== 'progress' && event.id <= seen) continue
          if (event.type !== 'progress') seen = event.id
          yield frame(event)
          continue
        }
        const asleep = Promise.withResolvers<void>()
        wake = asleep.resolve
        await asleep.promise
        if (waiting.length === 0) yield ': alive\n\n'
      }
    } finally {
      clearInterval(heartbeat)
      request.signal.removeEventListener('abort', ended)
      unsubscribe()
    }
  }
  const stream = Readable.from(chunks(), { objectMode: false })
  // A stream that is dropped before its first read never enters the generator, whose end would unsubscribe.
  stream.once('close', () => {
    unsubscribe()
    wake()
  })
  return stream
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
