import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { InterfaceType } from '@ferrite/shared/contracts/nodes'
import type { DriverInfoFields } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'

const delay = z.union([z.number().min(0).max(3600), z.string().regex(/^\d+(\.\d+)?(,\d+(\.\d+)?)?$/)])

/** driver_info keys with which a test asks a `fake` interface to be slow, or to fail. */
export const behaviourFields = (type: InterfaceType): DriverInfoFields => ({
  [`fake_${type}_delay`]: {
    schema: delay,
    description: `Seconds that each operation of the fake ${type} interface takes, or "LEAST,MOST" for a random time.`,
  },
  [`fake_${type}_error`]: {
    schema: z.string().max(4096),
    description: `Text with which each operation of the fake ${type} interface fails.`,
  },
  [`fake_${type}_invalid`]: {
    schema: z.string().max(4096),
    description: `Text with which the validation of the fake ${type} interface fails.`,
  },
})

/** Takes the time that the test asked for, then fails if it asked for that. */
export async function behave(task: Task, type: InterfaceType): Promise<void> {
  const { driver_info } = task.node
  const ms = delayMs(task, driver_info[`fake_${type}_delay`])
  if (ms > 0) await task.clock.sleep(ms, task.signal)
  const error = driver_info[`fake_${type}_error`]
  if (typeof error === 'string' && error !== '') throw new Fault('step_failed', error)
}

function delayMs(task: Task, given: unknown): number {
  const parsed = delay.safeParse(given)
  if (!parsed.success) return 0
  const [least = 0, most = least] = String(parsed.data).split(',').map(Number)
  return 1000 * (most > least ? task.clock.between(least, most) : least)
}

/** What all `fake` interfaces share. There is no machine behind them: they remember with the node what they were told. */
export const fakeInterface = (type: InterfaceType) => ({
  name: 'fake',
  driverInfo: behaviourFields(type),
  async validate({ node }: Task): Promise<void> {
    const invalid = node.driver_info[`fake_${type}_invalid`]
    if (typeof invalid === 'string' && invalid !== '') throw new Fault('invalid', invalid)
  },
})
