import { versionMismatch, type Command } from '@ferrite/shared/contracts/agent-api'
import { isSameStep } from '@ferrite/shared/contracts/steps'
import { errorText } from '../agent-client/client.ts'
import type { Flow } from '../core/node.ts'
import { echoOf } from '../steps/in-band.ts'

/**
 * What the agent's list of commands means for a flow that waits:
 * - `wait`: nothing to do yet;
 * - `go_on`: what it waited for has come;
 * - `changed`: the agent's hardware managers are not those whose steps we know;
 * - `failed`: the step failed, or the agent that had it is gone.
 */
export type Verdict = { is: 'wait' } | { is: 'go_on' } | { is: 'changed' } | { is: 'failed'; why: string }

const asksSteps = /^get_(clean|deploy|service)_steps$/

export function verdictOn(flow: Flow, commands: readonly Command[]): Verdict {
  if (flow.waiting_for === 'hold' || flow.waiting_for === 'heartbeat') return { is: 'go_on' }
  if (flow.waiting_for === 'inspection') return flow.inspected ? { is: 'go_on' } : { is: 'wait' }
  const fresh = commands.every((one) => asksSteps.test(one.command_name))
  if (flow.waiting_for === 'boot') return fresh ? { is: 'go_on' } : { is: 'wait' }
  if (fresh) return { is: 'failed', why: 'the agent was restarted while the step ran, and does not know it any more' }
  const kind = flow.kind === 'clean' || flow.kind === 'service' ? flow.kind : 'deploy'
  const last = commands.at(-1)
  if (last?.command_name !== `execute_${kind}_step`) return { is: 'wait' }
  switch (last.command_status) {
    case 'RUNNING':
      return { is: 'wait' }
    case 'FAILED':
      return { is: 'failed', why: errorText(last) }
    case versionMismatch:
    case 'VERSION_MISMATCH':
      return { is: 'changed' }
    case 'SUCCEEDED':
      // The end of an earlier step, when the agent has not begun this one.
      return isSameStep(echoOf(last, kind), flow.steps[flow.index]) ? { is: 'go_on' } : { is: 'wait' }
  }
}

/** Waits that the agent has no word in: nobody needs to ask it. */
export const isDeaf = ({ waiting_for }: Flow): boolean =>
  waiting_for === 'hold' || waiting_for === 'heartbeat' || waiting_for === 'inspection'
