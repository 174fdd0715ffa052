import { isFault } from '@ferrite/shared/fault'
import type { Task } from './task.ts'

/**
 * True when work has to be left as it stands, neither failed nor cleaned up behind, for whoever takes it up next: it is
 * not ours any more, the process is stopping, or nothing can be recorded now.
 */
export const mustLeave = (error: unknown, { signal }: Pick<Task, 'signal'>): boolean =>
  isFault(error, 'lease_lost') || isFault(error, 'storage_failed') || signal.aborted
