import { Fault } from '@ferrite/shared/fault'
import type { Step } from '../../core/step.ts'
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
    return { done: true }
  },
}
