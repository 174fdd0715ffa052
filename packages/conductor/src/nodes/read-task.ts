import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { openTask, type OpenTask, type TaskParts } from '../work/task.ts'

/** A task for looking only, without the lock: whatever it would save or do outside is refused. */
export async function readTask(parts: TaskParts, node: NodeRecord, signal: AbortSignal): Promise<OpenTask> {
  return openTask(parts, { node, fence: -1 }, signal)
}

/** The node and a task for looking at it. Fault not_found. */
export async function lookAt<T>(
  parts: TaskParts & { stopped: AbortSignal },
  ident: string,
  look: (task: Task) => Promise<T>,
): Promise<T> {
  const node = await parts.store.node(ident)
  if (!node) throw new Fault('not_found', `Node ${ident} could not be found.`)
  await using task = await readTask(parts, node, parts.stopped)
  return await look(task)
}
