import { explain, isFault } from '@ferrite/shared/fault'
import type { Task } from '../core/task.ts'

/** Does what clients are not waiting for: a failure is kept as the node's last_error and in its history. */
export async function noted(
  task: Task,
  { failed, event_type }: { failed: string; event_type: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
    if (task.node.last_error !== null) await task.save({ last_error: null })
  } catch (error) {
    if (isFault(error, 'lease_lost') || task.signal.aborted) throw error
    const last_error = `${failed} on node ${task.node.uuid}. Reason: ${explain(error)}`
    await task.save({ last_error }, { history: [{ severity: 'ERROR', event_type, event: last_error }] })
  }
}
