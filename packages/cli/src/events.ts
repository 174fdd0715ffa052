import { setTimeout as delay } from 'node:timers/promises'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import { CommandError } from './exit.ts'
import type { Http } from './http.ts'

export type EventOptions = {
  node?: string | undefined
  /** The id of the last event seen: those after it come first. */
  since?: string | undefined
  signal: AbortSignal
  onOpen?: (() => void) | undefined
}

/** Events as the conductor tells them, of one node or of all; reconnects and goes on after the last one seen. Ends with `signal`. */
export async function* events(http: Http, { node, since, signal, onOpen }: EventOptions): AsyncGenerator<FerriteEvent> {
  // The schema costs as much as the rest of the start-up: only who follows events pays.
  const { ferriteEvent } = await import('@ferrite/shared/contracts/events')
  let last = since
  let failures = 0
  while (!signal.aborted) {
    try {
      const response = await http.open('GET', '/ferrite/v1/events', {
        query: { node },
        headers: { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) },
        signal,
      })
      failures = 0
      onOpen?.()
      for await (const { id, data } of messages(response)) {
        if (id !== undefined) last = id
        const event = ferriteEvent.safeParse(JSON.parse(data))
        // A newer conductor may tell of things that this program does not know.
        if (event.success) yield event.data
      }
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      if (failures > 5 || (error instanceof CommandError && error.exit !== 'unreachable')) throw error
    }
    await delay(Math.min(200 * 2 ** failures, 3000), undefined, { signal }).catch(() => undefined)
  }
}

type Message = { id: string | undefined; data: string }

/** The messages of a text/event-stream body. */
async function* messages(response: Response): AsyncGenerator<Message> {
  if (!response.body) return
  let rest = ''
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).replaceAll('\r\n', '\n').split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const message = messageOf(block)
      if (message) yield message
    }
  }
}

function messageOf(block: string): Message | undefined {
  const fields = block.split('\n').map((line) => /^(\w+):? ?(.*)$/s.exec(line))
  const values = (name: string) => fields.flatMap((field) => (field?.[1] === name ? [field[2] ?? ''] : []))
  const data = values('data')
  return data.length ? { id: values('id').at(-1), data: data.join('\n') } : undefined
}
