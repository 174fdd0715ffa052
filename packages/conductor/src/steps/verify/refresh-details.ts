import { explain, isFault } from '@ferrite/shared/fault'
import type { Task } from '../../core/task.ts'

/** Settings and versions as clients are shown them. A BMC that does not tell them keeps nothing from going on. */
export async function refreshDetails(task: Task): Promise<void> {
  const { bios, firmware } = task.interfaces
  for (const one of [bios, firmware]) {
    try {
      await one?.refresh?.(task)
    } catch (error) {
      task.signal.throwIfAborted()
      if (isFault(error, 'lease_lost')) throw error
      task.log.warn({ reason: explain(error), interface: one?.name }, 'what the hardware says of itself was not read')
    }
  }
}
