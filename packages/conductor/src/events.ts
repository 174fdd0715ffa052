import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import type { EventBus } from './core/services.ts'
import type { Store } from './store/store.ts'

type ProgressEvent = Extract<FerriteEvent, { type: 'progress' }>

/** Tells listeners of stored events after their commit, and of progress, which is kept in memory only. */
export function createEventBus(store: Store): EventBus & Disposable {
  const listeners = new Set<(event: FerriteEvent) => void>()
  const newest = new Map<string, ProgressEvent>()

  const publish = (event: FerriteEvent): void => {
    if (event.type === 'progress') newest.set(event.node_uuid, event)
    // Whatever is written has ended when the flow has: its last progress is history.
    if (event.type === 'provision_state' && !/^(deploying|wait call-back)$/.test(event.to))
      newest.delete(event.node_uuid)
    if (event.type === 'node_deleted') newest.delete(event.node_uuid)
    for (const listener of listeners) listener(event)
  }
  const end = store.onEvents((events) => events.forEach(publish))
  return {
    publish,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    progress: (uuid) => newest.get(uuid),
    [Symbol.dispose]: end,
  }
}
