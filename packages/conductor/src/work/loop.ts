import type { Logger } from 'pino'
import { Fault, isFault } from '@ferrite/shared/fault'
import type { Clock } from '../core/clock.ts'
import type { Claim, Store } from '../store/store.ts'
import { keepLease } from './lease.ts'

export type LoopParts = {
  store: Store
  clock: Clock
  log: Logger
  owner: string
  leaseMs: number
  /** Claims worked on at the same time. */
  workers: number
  /** Works on one claim and closes it or puts it back. What it throws leaves the work open, to be claimed again. */
  handle(claim: Claim, signal: AbortSignal): Promise<void>
}

export interface WorkLoop {
  start(): Promise<void>
  /** Call after a commit that opened work. */
  wake(): void
  /** Takes no more work, tells what runs to come to an end, waits for it. Unfinished work stays open for the next life. */
  stop(graceMs?: number): Promise<void>
  /** Claims under way. */
  readonly running: number
}

const longestIdleMs = 5_000
/** The reason of signals when the process stops: not a failure of the work. */
export const stopping = new Fault('aborted', 'the conductor is stopping')

/** Claims due work and gives each piece a lease and a worker. Correctness rests on the database, speed on `wake`. */
export function createWorkLoop(parts: LoopParts): WorkLoop {
  const stop = new AbortController()
  const running = new Set<Promise<void>>()
  let woken = Promise.withResolvers<void>()
  let looping: Promise<void> = Promise.resolve()

  const wake = (): void => woken.resolve()
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      woken = Promise.withResolvers<void>()
      const free = parts.workers - running.size
      const claims = free > 0 ? await claimSafely(parts, free) : []
      for (const claim of claims) {
        const one = workOn(parts, claim, stop.signal).finally(() => {
          running.delete(one)
          wake()
        })
        running.add(one)
      }
      if (claims.length === 0) await idle(parts, woken.promise, stop.signal)
    }
  }
  return {
    get running() {
      return running.size
    },
    wake,
    start: async () => {
      const expired = await parts.store.expireLeases(parts.owner)
      if (expired > 0) parts.log.info({ nodes: expired }, 'going on with the work of an earlier life')
      looping = loop()
    },
    stop: async (graceMs = 60_000) => {
      stop.abort(stopping)
      wake()
      await looping
      await Promise.race([Promise.allSettled(running), after(graceMs)])
    },
  }
}

// A timer that does not hold the process.
function after(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  AbortSignal.timeout(ms).addEventListener('abort', () => resolve(), { once: true })
  return promise
}

async function claimSafely({ store, log, owner, leaseMs }: LoopParts, limit: number): Promise<Claim[]> {
  try {
    return await store.claim({ owner, leaseMs, limit })
  } catch (error) {
    log.error({ err: error }, 'cannot claim work')
    return []
  }
}

async function idle({ store, clock }: LoopParts, woken: Promise<void>, stopped: AbortSignal): Promise<void> {
  const done = new AbortController()
  try {
    const due = await store.nextDue().catch(() => undefined)
    const wait = due ? Math.max(0, due.getTime() - clock.now().getTime()) : longestIdleMs
    // Work that is due but was not claimed is held by somebody: do not spin on it.
    const ms = Math.min(longestIdleMs, Math.max(50, wait))
    const slept = clock.sleep(ms, AbortSignal.any([done.signal, stopped]))
    await Promise.race([woken, slept.catch(() => undefined)])
  } finally {
    done.abort()
  }
}

async function workOn(parts: LoopParts, claim: Claim, stopped: AbortSignal): Promise<void> {
  const { store, clock, log } = parts
  const facts = { node: claim.node.uuid, work: claim.work.kind, fence: claim.fence, request_id: claim.work.request_id }
  await using lease = keepLease(parts, claim, stopped)
  try {
    await parts.handle(claim, lease.signal)
  } catch (error) {
    if (isFault(error, 'lease_lost'))
      return log.warn({ ...facts, err: error }, 'gave up work that is not ours any more')
    const ours = stopped.aborted
    if (!ours) log.error({ ...facts, err: error }, 'work ended with an error and will be tried again')
    const due_at = new Date(clock.now().getTime() + (ours ? 0 : 5_000))
    await store
      .commit({ node_uuid: claim.node.uuid, guard: { fence: claim.fence }, again: { work_id: claim.work.id, due_at } })
      .catch((cause: unknown) => log.warn({ ...facts, err: cause }, 'cannot put work back'))
  }
}
