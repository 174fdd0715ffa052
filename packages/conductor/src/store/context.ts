import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import type { Clock } from '../core/clock.ts'
import type { Database } from './database.ts'
import type { Sealer } from './seal.ts'
import type { Touches } from './touches.ts'

/** What every part of the SQLite store works with. `stored` collects a transaction's events; they are told after it. */
export type StoreContext = {
  db: Database
  sealer: Sealer
  clock: Clock
  host: string
  stored: FerriteEvent[]
  /** Signs of life that are not in the rows yet. */
  touches: Touches
}
