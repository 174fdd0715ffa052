import PQueue from 'p-queue'
import { Fault } from '@ferrite/shared/fault'
import { formatDuration } from '@ferrite/shared/units'
import type { Clock } from '../core/clock.ts'

/** What one BMC may be asked to bear: two readings and one change at a time, and a pause when it does not answer. */
export type Budget = {
  read<T>(work: () => Promise<T>): Promise<T>
  write<T>(work: () => Promise<T>): Promise<T>
}

const failuresToOpen = 3
const firstPauseMs = 15_000
const longestPauseMs = 300_000

/**
 * After three calls in a row without an answer, calls fail at once for 15 s, then 30 s, … up to 5 min. Changes are at
 * least `changeIntervalMs` apart: some BMCs hang when they are hurried.
 */
export function bmcBudget(address: string, clock: Clock, { changeIntervalMs = 0 } = {}): Budget {
  const reads = new PQueue({ concurrency: 2 })
  const writes = new PQueue({ concurrency: 1 })
  let failures = 0
  let pauseMs = firstPauseMs
  let closedAgainAt = 0

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    const waitMs = closedAgainAt - clock.monotonicMs()
    if (waitMs > 0) {
      const wait = formatDuration(waitMs)
      throw new Fault(
        'bmc_unreachable',
        `the BMC ${address} did not answer ${failures} times in a row; next try in ${wait}`,
      )
    }
    try {
      const result = await work()
      failures = 0
      pauseMs = firstPauseMs
      return result
    } catch (error) {
      if (error instanceof Fault && error.code === 'bmc_unreachable') {
        failures += 1
        if (failures >= failuresToOpen) {
          closedAgainAt = clock.monotonicMs() + pauseMs
          pauseMs = Math.min(pauseMs * 2, longestPauseMs)
        }
      }
      throw error
    }
  }
  let nextChangeAt = 0
  async function paced<T>(work: () => Promise<T>): Promise<T> {
    const waitMs = nextChangeAt - clock.monotonicMs()
    if (waitMs > 0) await clock.sleep(waitMs)
    try {
      return await guarded(work)
    } finally {
      nextChangeAt = clock.monotonicMs() + changeIntervalMs
    }
  }
  return {
    read: (work) => reads.add(() => guarded(work)),
    write: (work) => writes.add(() => paced(work)),
  }
}
