import type { StepInterface } from '@ferrite/shared/contracts/steps'
import type { Task } from './task.ts'

/**
 * How a step ended for now:
 * - `done`: the next one may start;
 * - `wait_for_agent`: an agent must boot or finish a command; a heartbeat goes on with `resume`;
 * - `hold`: an operator says when it goes on, with the next step;
 * - `again`: come back to `run` after this many milliseconds; nothing is held meanwhile.
 */
export type StepOutcome =
  | { done: true }
  | { wait_for_agent: 'boot' | 'command' | 'heartbeat' | 'inspection' }
  | { hold: true }
  | { again_in_ms: number }

/**
 * One step of a deploy or clean, run by the conductor. Every step may be begun twice (a crash between its effect and
 * its record), so `run` looks before it acts.
 */
export interface Step {
  readonly interface: StepInterface
  readonly step: string
  readonly priority: number
  /** Work of the flow itself, not shown among Ironic's steps. */
  readonly internal?: true
  /** Its agent is waited for, and steps of the agent can follow. */
  readonly boots_ramdisk?: true
  /** It works only while the ramdisk's agent runs. */
  readonly needs_ramdisk?: true
  run(task: Task): Promise<StepOutcome>
  /** Called instead of `run` once it has waited. Left out: a wait that ends means done. */
  resume?(task: Task): Promise<StepOutcome>
}
