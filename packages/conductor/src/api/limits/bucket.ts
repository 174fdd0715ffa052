import type { Clock } from '../../core/clock.ts'

export type Buckets = {
  /** Takes one; 0 when there was one, else the seconds until there will be. */
  take(key: string): number
}

const mostKeys = 10_000

/** Token buckets by key: `perSecond` on average, twice that at once. A rate of 0 never runs dry. */
export function openBuckets(clock: Clock, perSecond: number): Buckets {
  const full = Math.max(1, perSecond * 2)
  const buckets = new Map<string, { left: number; atMs: number }>()
  return {
    take: (key) => {
      if (perSecond === 0) return 0
      const now = clock.monotonicMs()
      const bucket = buckets.get(key) ?? { left: full, atMs: now }
      bucket.left = Math.min(full, bucket.left + ((now - bucket.atMs) / 1000) * perSecond)
      bucket.atMs = now
      const wait = bucket.left >= 1 ? 0 : (1 - bucket.left) / perSecond
      if (wait === 0) bucket.left -= 1
      // Bounded: whoever was used longest ago is forgotten, which fills their bucket.
      buckets.delete(key)
      buckets.set(key, bucket)
      const oldest = buckets.size > mostKeys ? buckets.keys().next().value : undefined
      if (oldest !== undefined) buckets.delete(oldest)
      return wait
    },
  }
}
