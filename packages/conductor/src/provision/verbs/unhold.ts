import { advance } from '../advance.ts'
import type { Asked, Change } from '../begin.ts'
import { impossible } from '../check-verb.ts'
import type { ProvisionParts } from '../parts.ts'

/** An operator lets a flow go on that a step had made to wait for him. */
export function unhold(parts: ProvisionParts, { node, caller }: Asked): Change {
  const { flow } = node.internal
  if (flow?.phase !== 'held') throw impossible(node, 'unhold')
  const { set, events } = advance(node, 'unhold', parts.clock)
  return {
    set: { ...set, internal: { ...node.internal, flow: { ...flow, phase: 'waiting', waiting_for: 'hold' } } },
    open: { kind: 'resume', args: {}, purpose: 'unhold', request_id: caller.request_id },
    events,
  }
}
