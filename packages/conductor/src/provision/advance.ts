import type { ProvisionEvent, ProvisionState } from '@ferrite/shared/provision'
import { next, states, targetOf } from '@ferrite/shared/provision'
import { timestamp, type Clock } from '../core/clock.ts'
import type { NodeChanges, NodeRecord } from '../core/node.ts'
import type { NewEvent } from '../store/store.ts'

export type Advance = { set: NodeChanges; events: NewEvent[] }

/**
 * What `event` changes in a node: the only place that sets `provision_state`. Fault invalid_transition where the table
 * of states has no such way. Waits, resumes and failures keep the target; stable states have none.
 */
export function advance(
  node: Pick<NodeRecord, 'provision_state' | 'target_provision_state' | 'last_error'>,
  event: ProvisionEvent,
  clock: Clock,
  options: { target?: ProvisionState; last_error?: string | null } = {},
): Advance {
  const to = next(node.provision_state, event)
  const target = targetAfter(node, event, to, options.target)
  const last_error = options.last_error === undefined ? node.last_error : options.last_error
  return {
    set: {
      provision_state: to,
      target_provision_state: target,
      provision_updated_at: timestamp(clock.now()),
      last_error,
    },
    events: [{ type: 'provision_state', from: node.provision_state, to, event, target, last_error }],
  }
}

const keepsTarget = new Set<ProvisionEvent>(['wait', 'resume', 'hold', 'unhold', 'fail', 'abort'])

function targetAfter(
  node: Pick<NodeRecord, 'target_provision_state'>,
  event: ProvisionEvent,
  to: ProvisionState,
  wanted: ProvisionState | undefined,
): ProvisionState | null {
  if (states[to].kind === 'stable') return null
  if (wanted) return wanted
  if (keepsTarget.has(event) && node.target_provision_state) return node.target_provision_state
  return targetOf(to)
}
