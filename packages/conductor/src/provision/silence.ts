import { explain } from '@ferrite/shared/fault'
import type { Task } from '../core/task.ts'

/** True only when the BMC says, twice, that the machine is off. A BMC that does not answer has said nothing. */
export async function bmcSaysOff(task: Task): Promise<boolean> {
  try {
    for (let look = 0; look < 2; look += 1) {
      if ((await task.interfaces.power.getPowerState(task)) !== 'power off') return false
    }
    return true
  } catch (error) {
    task.signal.throwIfAborted()
    task.log.warn({ reason: explain(error) }, 'the BMC does not say whether the machine is on')
    return false
  }
}
