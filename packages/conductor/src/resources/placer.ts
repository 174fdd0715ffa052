import type { Logger } from 'pino'
import type { Clock } from '../core/clock.ts'
import type { Store } from '../store/store.ts'

/** Finds nodes for allocations, beside the requests that asked for them. */
export interface Placer extends AsyncDisposable {
  place(uuid: string): void
  /** Allocations that an earlier life of this process left undecided. */
  resume(): Promise<void>
}

const tries = 3
const pauseMs = 1000

/** A wish is tried three times, a second apart, while suitable nodes are merely busy; Ironic's figures. */
export function createPlacer({ store, clock, log }: { store: Store; clock: Clock; log: Logger }): Placer {
  const ended = new AbortController()
  const running = new Set<Promise<void>>()
  const decide = async (allocation: string): Promise<void> => {
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const outcome = await store.allocations.place(allocation, { last: attempt === tries })
      if (outcome !== 'locked') return log.info({ allocation, outcome }, 'allocation decided')
      await clock.sleep(pauseMs, ended.signal)
    }
  }
  const place = (allocation: string): void => {
    const work = decide(allocation)
      .catch((error: unknown) => {
        if (!ended.signal.aborted) log.error({ allocation, err: error }, 'an allocation could not be decided')
      })
      .finally(() => running.delete(work))
    running.add(work)
  }
  return {
    place,
    async resume() {
      for (const { uuid } of await store.resources.list('allocations', { state: 'allocating' })) place(uuid)
    },
    async [Symbol.asyncDispose]() {
      ended.abort()
      await Promise.all(running)
    },
  }
}
