import type { Flow } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import type { NewEvent } from '../store/store.ts'

/** What watchers are told about the step that a flow is at. */
export function stepEvent(
  task: Task,
  flow: Flow,
  state: 'started' | 'waiting' | 'finished' | 'failed',
  error: string | null = null,
): NewEvent {
  const step = flow.steps[flow.index]
  const began = flow.step_started_at ? Date.parse(flow.step_started_at) : undefined
  const over = state === 'finished' || state === 'failed'
  return {
    type: 'step',
    flow: flow.kind,
    step: step ? `${step.interface}.${step.step}` : '',
    state,
    index: flow.index,
    count: flow.steps.length,
    duration_ms: over && began !== undefined ? Math.max(0, task.clock.now().getTime() - began) : null,
    error,
  }
}
