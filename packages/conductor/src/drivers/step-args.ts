import type { Task } from '../core/task.ts'

/** Arguments that the operator gave the step that runs now. */
export function argsOf({ node }: Task): Record<string, unknown> {
  const { flow } = node.internal
  return flow?.steps[flow.index]?.args ?? {}
}
