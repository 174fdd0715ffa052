import { randomBytes } from 'node:crypto'
import type { BmcFaults } from '../faults.ts'

/** What a BMC knows beside its machine: sessions, tasks, drives, faults. */
export type BmcState = {
  faults: BmcFaults
  slots: readonly string[]
  mediaPath: string
  /** Id → token. */
  sessions: Map<string, string>
  tasks: Map<string, Task>
  /** Counts requests, for faults that strike now and then. */
  served: number
  shownPower(actual: 'On' | 'Off'): string
  powerChanged(): void
}

export type Task = { state: 'Running' | 'Completed' | 'Exception'; reads: number }

export function bmcState(options: { slots: readonly string[]; mediaPath: string }): BmcState {
  let last: 'On' | 'Off' = 'Off'
  let late = 0
  return {
    faults: {},
    slots: options.slots,
    mediaPath: options.mediaPath,
    sessions: new Map(),
    tasks: new Map(),
    served: 0,
    shownPower(actual) {
      if (this.faults.stalePower) return this.faults.stalePower
      if (late > 0) {
        late -= 1
        return last
      }
      last = actual
      return actual
    },
    powerChanged() {
      late = this.faults.lateReadings ?? 0
    },
  }
}

export const newId = (): string => randomBytes(4).toString('hex')
export const newToken = (): string => randomBytes(16).toString('hex')
