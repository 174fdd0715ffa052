import type { Fault } from '@ferrite/shared/fault'
import type { Clock } from '../../core/clock.ts'

export type Failures = {
  /** Throws while this source has failed too often. */
  check(source: string): void
  count(source: string): void
}

const windowMs = 60_000
const mostSources = 10_000

/** Counts failures a minute and source. A limit of 0 counts none. `refusal` is told how many seconds to wait. */
export function openFailures(clock: Clock, perMinute: number, refusal: (retryAfter: number) => Fault): Failures {
  const failed = new Map<string, number[]>()
  const recent = (source: string, now: number) => (failed.get(source) ?? []).filter((at) => now - at < windowMs)
  return {
    check: (source) => {
      if (perMinute === 0 || !failed.has(source)) return
      const now = clock.monotonicMs()
      const times = recent(source, now)
      if (times.length < perMinute) return
      throw refusal(Math.ceil((windowMs - (now - (times[0] ?? now))) / 1000))
    },
    count: (source) => {
      if (perMinute === 0) return
      const now = clock.monotonicMs()
      const times = [...recent(source, now), now].slice(-Math.ceil(perMinute))
      failed.delete(source)
      failed.set(source, times)
      // The longest silent one goes first, so that a flood of addresses costs a bounded memory.
      const oldest = failed.size > mostSources ? failed.keys().next().value : undefined
      if (oldest !== undefined) failed.delete(oldest)
    },
  }
}
