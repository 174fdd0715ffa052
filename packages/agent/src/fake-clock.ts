import type { Clock } from './clock.ts'

/** A clock whose sleeps end at once and are written down; chance is the middle of its range. */
export function fakeClock(): Clock & { slept: number[] } {
  let now = 0
  const slept: number[] = []
  return {
    slept,
    now: () => new Date(Date.UTC(2026, 0, 1) + now),
    monotonicMs: () => now,
    between: (low, high) => (low + high) / 2,
    async sleep(ms, signal) {
      await new Promise<void>((resolve) => void setImmediate(resolve))
      signal?.throwIfAborted()
      slept.push(ms)
      now += ms
    },
  }
}
