import type { PowerTarget } from '@ferrite/shared/contracts/nodes'
import { explain } from '@ferrite/shared/fault'
import { mustLeave } from '../core/must-leave.ts'
import { timestamp } from '../core/clock.ts'
import type { Task } from '../core/task.ts'
import type { Work } from '../store/store.ts'

const settled = (target: PowerTarget): 'power on' | 'power off' =>
  target === 'power off' || target === 'soft power off' ? 'power off' : 'power on'

/** The work behind PUT states/power. What went wrong ends in `last_error`; the node is free again either way. */
export async function changePower(task: Task, work: Work): Promise<void> {
  const target = work.args['target'] as PowerTarget
  const timeoutMs = work.args['timeoutMs']
  const done = { close: { work_id: work.id } }
  const from = task.node.power_state
  try {
    await setUnlessSet(task, target, work, typeof timeoutMs === 'number' ? { timeoutMs } : {})
    const seen = await task.interfaces.power.getPowerState(task)
    const events = seen === from ? [] : [{ type: 'power_state' as const, from, to: seen }]
    const internal = { last_power_state_change: timestamp(task.clock.now()) }
    await task.save({ power_state: seen, target_power_state: null, last_error: null, internal }, { ...done, events })
  } catch (error) {
    if (mustLeave(error, task)) throw error
    const last_error = `Failed to change power state to "${target}". Error: ${explain(error)}`
    task.log.error({ target, err: error }, 'power not changed')
    await task.save(
      { target_power_state: null, last_error },
      { ...done, history: [{ severity: 'ERROR', event_type: 'monitoring', event: last_error }] },
    )
  }
}

async function setUnlessSet(
  task: Task,
  target: PowerTarget,
  work: Work,
  options: { timeoutMs?: number },
): Promise<void> {
  const { power } = task.interfaces
  const reboots = target === 'rebooting' || target === 'soft rebooting'
  const already = !reboots && (await power.getPowerState(task)) === settled(target)
  if (already) return
  task.log.info({ target, attempt: work.attempts }, 'changing the power')
  await task.effect(`change the power to ${target}`, () => power.setPowerState(task, target, options))
}
