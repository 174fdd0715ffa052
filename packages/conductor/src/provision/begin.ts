import { provisionVerbs, type ProvisionState, type ProvisionVerb } from '@ferrite/shared/provision'
import type { FlowKind, NodeChanges, NodeRecord } from '../core/node.ts'
import type { Caller } from '../core/services.ts'
import type { Commit } from '../store/store.ts'
import { advance } from './advance.ts'
import { newFlow } from './new-flow.ts'
import type { ProvisionParts } from './parts.ts'

/** What a verb changes in one commit. */
export type Change = Omit<Commit, 'node_uuid' | 'guard' | 'revision'>
export type Asked = { node: NodeRecord; verb: ProvisionVerb; caller: Caller }

type Options = { set?: NodeChanges; flow?: Parameters<typeof newFlow>[3]; target?: ProvisionState }

/** The state moves, a fresh flow is laid down, and the work is opened. */
export function begin(
  parts: Pick<ProvisionParts, 'clock'>,
  { node, verb, caller }: Asked,
  kind: FlowKind,
  { set = {}, flow = {}, target }: Options = {},
): Change {
  const moved = advance(node, provisionVerbs[verb].event, parts.clock, {
    last_error: null,
    ...(target ? { target } : {}),
  })
  const { agent } = node.internal
  const internal = {
    ...node.internal,
    flow: newFlow(kind, [], parts.clock.now(), flow),
    // What is known of an earlier agent is worth nothing to a new flow; a delete may still have to end it.
    agent: { epoch: agent?.epoch ?? 0 },
    agent_steps: undefined,
  }
  return {
    set: {
      ...moved.set,
      clean_step: {},
      deploy_step: {},
      service_step: {},
      ...set,
      internal,
      conductor: node.conductor,
    },
    open: { kind: 'provision', args: { verb }, purpose: verb, request_id: caller.request_id },
    events: moved.events,
    history: [
      {
        severity: 'INFO',
        event_type: 'transition',
        event: `The ${verb} operation was requested.`,
        user: caller.user,
        project: caller.project,
        state: node.provision_state,
        target_provision_state: moved.set.target_provision_state ?? null,
      },
    ],
  }
}

/** The state moves, and that is all. */
export function atOnce(parts: Pick<ProvisionParts, 'clock'>, { node, verb }: Omit<Asked, 'caller'>): Change {
  const { set, events } = advance(node, provisionVerbs[verb].event, parts.clock, { last_error: null })
  return { set, events }
}
