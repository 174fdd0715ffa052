import { getHeapStatistics } from 'node:v8'
import { Fault } from '@ferrite/shared/fault'
import type { DeclaredRoute } from '../route.ts'
import { classOf } from './rates.ts'

export type Overload = {
  /** Fault busy when this kind of request has to come back later. */
  check(route: DeclaredRoute): void
  close(): void
}

const tickMs = 100
/** From this share of the heap on, memory counts like a delay that puts off all but orders. */
const fullHeap = 0.92

/**
 * Puts requests off before everything gets slow: heartbeats and lookups first (agents repeat them), lists next, what
 * orders a machine's power or provisioning never. `limitMs` 0 is never.
 */
export function openOverload(limitMs: number): Overload {
  let lastMs = performance.now()
  let delayMs = 0
  let crowded = false
  let ticks = 0
  const timer = setInterval(() => {
    const now = performance.now()
    delayMs = Math.max(0, now - lastMs - tickMs)
    lastMs = now
    ticks += 1
    if (ticks % 10 === 0) crowded = isCrowded()
  }, tickMs)
  timer.unref()
  return {
    check: (route) => {
      if (limitMs === 0) return
      const delay = crowded ? Number.POSITIVE_INFINITY : Math.max(delayMs, performance.now() - lastMs - tickMs)
      const bearable = limitMs * patience(route)
      if (delay <= bearable) return
      throw new Fault('busy', 'This conductor has more to do than it can now; try again.', { retryAfter: 5 })
    },
    close: () => clearInterval(timer),
  }
}

function isCrowded(): boolean {
  const { used_heap_size, heap_size_limit } = getHeapStatistics()
  return used_heap_size > heap_size_limit * fullHeap
}

function patience(route: DeclaredRoute): number {
  if (/\/states\/(power|provision)$/.test(route.path) || route.auth === 'public') return Number.POSITIVE_INFINITY
  const kind = classOf(route)
  if (kind === 'heartbeats' || kind === 'lookups') return 1
  return kind === 'lists' ? 2 : 5
}
