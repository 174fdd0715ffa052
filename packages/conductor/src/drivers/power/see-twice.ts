import type { PowerState } from '@ferrite/shared/contracts/nodes'
import { explain, Fault } from '@ferrite/shared/fault'
import { formatDuration } from '@ferrite/shared/units'
import type { Task } from '../../core/task.ts'

export type Sight = {
  task: Task
  /** What was asked of the BMC, for people. */
  asked: string
  wanted: PowerState
  limitMs: number
  read: () => Promise<PowerState | null>
  /** The BMC's refusal: some refuse what is already so, thus only the state tells whether it matters. */
  refused?: Fault | undefined
}

const afterRefusalMs = 3_000

/**
 * Returns once the wanted state was read twice in a row: nothing is believed of a command's own answer. Fault
 * power_failed at the limit, or the refusal when there was one.
 */
export async function seeTwice(sight: Sight): Promise<void> {
  const { task, limitMs, refused, wanted } = sight
  const deadline = task.clock.monotonicMs() + (refused ? Math.min(limitMs, afterRefusalMs) : limitMs)
  const { seen, cause } = await watch(sight, deadline)
  if (seen === wanted) return
  if (refused) throw refused
  const found = seen ? `it still reports "${seen}"` : `it does not say what it did (${explain(cause)})`
  throw new Fault(
    'power_failed',
    `asked the BMC of node ${task.node.uuid} for "${sight.asked}", and after ${formatDuration(limitMs)} ${found}`,
    { cause },
  )
}

/** Reads until the time is up. Failed readings do not end it: a BMC may be busy with what it was told. */
async function watch(
  { task, wanted, read }: Sight,
  deadline: number,
): Promise<{ seen?: PowerState | null; cause?: unknown }> {
  let inARow = 0
  let last: { seen?: PowerState | null; cause?: unknown } = {}
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 1.5, 2_000)) {
    try {
      last = { seen: await read() }
      inARow = last.seen === wanted ? inARow + 1 : 0
      if (inARow === 2) return last
    } catch (cause) {
      task.signal.throwIfAborted()
      if (!(cause instanceof Fault) || cause.code === 'invalid') throw cause
      inARow = 0
      last = { cause }
    }
    if (task.clock.monotonicMs() + pauseMs > deadline) return last.seen === wanted ? { cause: last.cause } : last
    await task.clock.sleep(pauseMs, task.signal)
  }
}
