import { timestamp } from '../core/clock.ts'
import type { Flow, FlowKind, FlowStep } from '../core/node.ts'

/** A flow before its first step. */
export const newFlow = (kind: FlowKind, steps: FlowStep[], now: Date, more: Partial<Flow> = {}): Flow => ({
  kind,
  steps,
  index: -1,
  phase: 'finished',
  step_started_at: null,
  started_at: timestamp(now),
  deadline: null,
  agent_steps_known: false,
  attempt: 0,
  ...more,
})
