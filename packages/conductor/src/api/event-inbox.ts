import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import type { EventBus } from '../core/services.ts'

/** Events that have happened and wait to be sent to one client. */
export type EventInbox = {
  take(): FerriteEvent | undefined
  /** Resolves at the next event or `wake`. */
  wait(): Promise<void>
  wake(): void
  /** True once the client has fallen so far behind that events were dropped. */
  overflown(): boolean
  close(): void
}

export function openInbox(events: EventBus, node_uuid: string | undefined, most: number): EventInbox {
  const waiting: FerriteEvent[] = []
  let dropped = false
  let next = Promise.withResolvers<void>()
  const wake = () => next.resolve()
  const unsubscribe = events.subscribe((event) => {
    if (node_uuid !== undefined && event.node_uuid !== node_uuid) return
    if (waiting.length >= most) dropped = true
    else waiting.push(event)
    wake()
  })
  return {
    take: () => waiting.shift(),
    wait: async () => {
      await next.promise
      next = Promise.withResolvers()
    },
    wake,
    overflown: () => dropped,
    close: unsubscribe,
  }
}
