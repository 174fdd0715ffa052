import type { Logger } from 'pino'
import { Fault, isFault } from '@ferrite/shared/fault'
import type { Clock } from '../core/clock.ts'
import type { Store } from '../store/store.ts'

/**
 * Keeps a lease alive, renewing each quarter of it, until disposed. `signal` is aborted when the lease is lost, when it
 * could not be renewed for three quarters of its length by our own clock, or when `parent` is.
 */
export function keepLease(
  parts: { store: Store; clock: Clock; log: Logger; leaseMs: number },
  lease: { node: { uuid: string }; fence: number },
  parent: AbortSignal,
): { signal: AbortSignal } & AsyncDisposable {
  const lost = new AbortController()
  const ended = new AbortController()
  const renewing = renewUntilEnded(parts, lease, lost, AbortSignal.any([ended.signal, parent]))
  return {
    signal: AbortSignal.any([lost.signal, parent]),
    [Symbol.asyncDispose]: async () => {
      ended.abort()
      await renewing
    },
  }
}

async function renewUntilEnded(
  { store, clock, log, leaseMs }: { store: Store; clock: Clock; log: Logger; leaseMs: number },
  { node, fence }: { node: { uuid: string }; fence: number },
  lost: AbortController,
  ended: AbortSignal,
): Promise<void> {
  let renewed = clock.monotonicMs()
  while (!ended.aborted && !lost.signal.aborted) {
    try {
      await clock.sleep(leaseMs / 4, ended)
    } catch {
      return // the end of the sleep is the end of the lease, not a fault
    }
    try {
      await store.renew(node.uuid, fence, leaseMs)
      renewed = clock.monotonicMs()
    } catch (error) {
      log.warn({ node: node.uuid, fence, err: error }, 'lease not renewed')
      const late = clock.monotonicMs() - renewed > leaseMs * 0.75
      if (isFault(error, 'lease_lost') || late) {
        lost.abort(new Fault('lease_lost', `the lease on node ${node.uuid} was lost`, { cause: error }))
      }
    }
  }
}
