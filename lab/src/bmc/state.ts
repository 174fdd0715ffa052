import { randomBytes } from 'node:crypto'
import type { BmcFaults } from '../faults.ts'

/** What a BMC knows beside its machine: sessions, tasks, drives, faults. */
export type BmcState = {
  faults: BmcFaults
  slots: readonly string[]
  mediaPath: string
  /** What has a link to the drives. */
  mediaUnder: 'system' | 'manager' | 'both'
  userName: string
  /** Undefined: that of this computer, of which the machine is a process. */
  memoryBytes: number | undefined
  lamps: { system: Lamp; chassis: Lamp }
  secureBoot: boolean
  /** Id → token. */
  sessions: Map<string, string>
  tasks: Map<string, Task>
  /** Counts requests, for faults that strike now and then. */
  served: number
  shownPower(actual: 'On' | 'Off'): string
  powerChanged(): void
}

export type Task = { state: 'Running' | 'Completed' | 'Exception'; reads: number }

export type Lamp = 'Lit' | 'Blinking' | 'Off'
type Options = Pick<BmcState, 'slots' | 'mediaPath' | 'mediaUnder' | 'userName' | 'memoryBytes'>

export function bmcState(options: Options): BmcState {
  let last: 'On' | 'Off' = 'Off'
  let late = 0
  return {
    faults: {},
    ...options,
    lamps: { system: 'Off', chassis: 'Off' },
    secureBoot: false,
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
