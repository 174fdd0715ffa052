import { setTimeout as delay } from 'node:timers/promises'
import { randomBytes, randomInt } from 'node:crypto'

/** Time and chance come in through here, so that tests can stop, jump and repeat them. */
export interface Clock {
  /** Wall clock, for display and for deadlines that must survive a restart. */
  now(): Date
  /** Milliseconds that never jump, for durations. */
  monotonicMs(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Uniform in [low, high). */
  between(low: number, high: number): number
  /** 43 characters of base64url: 32 random bytes. */
  token(): string
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
  between: (low, high) => low + (randomInt(0, 2 ** 32) / 2 ** 32) * (high - low),
  token: () => randomBytes(32).toString('base64url'),
}

/** ISO 8601 with microseconds and offset, as Ironic prints times. */
export const timestamp = (at: Date): string => at.toISOString().replace('Z', '000+00:00')
