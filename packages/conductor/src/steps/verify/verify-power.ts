import { explain, Fault, isFault } from '@ferrite/shared/fault'
import type { Step } from '../../core/step.ts'
import type { Task } from '../../core/task.ts'
import { readPower } from '../power.ts'
import { refreshDetails } from './refresh-details.ts'

/** The BMC answers with the credentials we were given. */
export const verifyPower: Step = {
  interface: 'power',
  step: 'verify',
  priority: 100,
  internal: true,
  async run(task) {
    const { uuid } = task.node
    try {
      await task.interfaces.power.validate(task)
    } catch (cause) {
      throw new Fault('invalid', `Failed to validate power driver interface for node ${uuid}. Error`, { cause })
    }
    try {
      await readPower(task)
    } catch (cause) {
      task.signal.throwIfAborted()
      throw new Fault('bmc_unreachable', `Failed to get power state for node ${uuid}. Error`, { cause })
    }
    await refreshDetails(task)
    await recordBootState(task)
    return { done: true }
  },
}

/** What a BMC tells of boot mode and secure boot is worth knowing, and no condition. */
async function recordBootState(task: Task): Promise<void> {
  const { management } = task.interfaces
  if (!management.bootState) return
  try {
    const { boot_mode, secure_boot } = await management.bootState(task)
    if (boot_mode !== task.node.boot_mode || secure_boot !== task.node.secure_boot) {
      await task.save({ boot_mode, secure_boot })
    }
  } catch (error) {
    task.signal.throwIfAborted()
    if (isFault(error, 'lease_lost')) throw error
    task.log.warn({ reason: explain(error) }, 'the BMC does not tell how the machine boots')
  }
}
