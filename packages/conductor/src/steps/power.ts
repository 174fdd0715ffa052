import type { PowerState } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import { timestamp } from '../core/clock.ts'
import type { Task } from '../core/task.ts'

/** Reads the power and records it. */
export async function readPower(task: Task): Promise<PowerState | null> {
  const now = await task.interfaces.power.getPowerState(task)
  await recordPower(task, now)
  return now
}

/** Makes sure of a power state: looks first, sets it if it differs, and looks again. */
export async function ensurePower(task: Task, target: PowerState): Promise<void> {
  if ((await readPower(task)) === target) return
  await task.effect(`power the machine ${target === 'power on' ? 'on' : 'off'}`, () =>
    task.interfaces.power.setPowerState(task, target),
  )
  const seen = await readPower(task)
  if (seen !== target) {
    throw new Fault(
      'power_failed',
      `the BMC took the order "${target}", but the machine is in "${seen ?? 'no known state'}"`,
    )
  }
}

export async function reboot(task: Task): Promise<void> {
  await task.effect('reboot the machine', () => task.interfaces.power.setPowerState(task, 'rebooting'))
  await readPower(task)
}

/** Records a reading, with an event when it is news. */
export async function recordPower(task: Task, now: PowerState | null): Promise<void> {
  const from = task.node.power_state
  if (from === now || now === null) return
  await task.save(
    { power_state: now, internal: { last_power_state_change: timestamp(task.clock.now()) } },
    { events: [{ type: 'power_state', from, to: now }] },
  )
}
