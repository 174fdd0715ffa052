import type { Task } from '../../core/task.ts'

type Facts = NonNullable<Task['node']['internal']['fake']>

/** Keeps with the node what a `fake` interface was told. */
export async function remember(task: Task, facts: Facts): Promise<void> {
  await task.save({ internal: { fake: { ...task.node.internal.fake, ...facts } } })
}
