import { Fault } from '@ferrite/shared/fault'
import type { Config } from '../../config.ts'
import type { Clock } from '../../core/clock.ts'
import type { Principal } from '../auth/principal.ts'
import type { DeclaredRoute } from '../route.ts'
import { openBuckets } from './bucket.ts'

export type Rates = {
  /** Fault too_many_requests, saying when to come back. */
  check(route: DeclaredRoute, who: Principal, source: string): void
}
export type RouteClass = 'writes' | 'lists' | 'lookups' | 'heartbeats' | 'other'

/** What a route counts as, for rates and for what is put off first under load. */
export function classOf({ method, path, listener }: Pick<DeclaredRoute, 'method' | 'path' | 'listener'>): RouteClass {
  if (path === '/v1/lookup') return 'lookups'
  if (path.startsWith('/v1/heartbeat')) return 'heartbeats'
  if (listener === 'ramdisk') return 'other'
  if (method !== 'GET' && method !== 'HEAD') return 'writes'
  return path.startsWith('/v1/') && !path.includes(':') ? 'lists' : 'other'
}

export function openRates(config: Config, clock: Clock): Rates {
  const buckets = {
    writes: openBuckets(clock, config.rate_limit_writes),
    lists: openBuckets(clock, config.rate_limit_lists),
    lookups: openBuckets(clock, config.rate_limit_lookups),
    heartbeats: openBuckets(clock, config.rate_limit_heartbeats),
  }
  return {
    check: (route, who, source) => {
      const kind = classOf(route)
      if (kind === 'other') return
      const wait = buckets[kind].take(who.user === null ? source : `${who.via} ${who.user} ${who.project}`)
      if (wait === 0) return
      throw new Fault('too_many_requests', `Too many ${kind} from this caller; slow down.`, {
        retryAfter: Math.ceil(wait),
      })
    },
  }
}
