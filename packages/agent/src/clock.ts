import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

/** Time and chance come in through here, so that tests can stop, jump and repeat them. */
export interface Clock {
  /** Wall clock. */
  now(): Date
  /** Milliseconds that never jump, for durations. */
  monotonicMs(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Uniform in [low, high). */
  between(low: number, high: number): number
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal ? { signal } : {})
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
  between: (low, high) => low + (randomInt(0, 2 ** 32) / 2 ** 32) * (high - low),
}
