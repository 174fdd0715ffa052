import { heartbeatFieldsSince, type Heartbeat } from '@ferrite/shared/contracts/callback'
import { Fault, isFault } from '@ferrite/shared/fault'
import { isWaiting } from '@ferrite/shared/provision'
import { checkCallbackUrl, type CallbackPolicy } from '../agent-client/callback-url.ts'
import { timestamp } from '../core/clock.ts'
import type { AgentFacts, NodeRecord } from '../core/node.ts'
import type { NewEvent } from '../store/store.ts'
import { changeNode } from './change-node.ts'
import type { ProvisionParts } from './parts.ts'
import { checkToken } from './tokens.ts'

export type HeartbeatParts = ProvisionParts & { callbacks: CallbackPolicy }

/** An agent says that it lives: recorded once its token is right, and the flow that waits for it is woken. */
export async function heartbeat(
  parts: HeartbeatParts,
  ident: string,
  body: Heartbeat,
  from: { microversion: number; peer: string },
): Promise<void> {
  const known = await parts.store.node(ident)
  if (!known) throw new Fault('not_found', `Node ${ident} could not be found.`)
  checkVersions(body, from.microversion)
  const now = checked(parts, known, body, from.peer)
  if (saysOnlyThatItLives(known.internal.agent, now)) {
    await parts.store.touch(known.uuid, { at: now.last_heartbeat, epoch: now.epoch })
    if (wantsWork(known)) await openResume(parts, known)
    return
  }
  const node = await changeNode(parts.store, known.uuid, (now) => {
    const agent = checked(parts, now, body, from.peer)
    const first = now.internal.agent?.url === undefined
    const event: NewEvent = { type: 'agent', what: 'first_heartbeat', agent_version: agent.version ?? null }
    return {
      guard: { any: true },
      // Touching the time of the state is what puts the callback timeout off.
      set: { provision_updated_at: agent.last_heartbeat, internal: { ...now.internal, agent } },
      events: first ? [event] : [],
    }
  })
  if (wantsWork(node)) await openResume(parts, node)
}

/** Most heartbeats: their time is all that they bring, and that needs no commit of its own. */
const saysOnlyThatItLives = (before: AgentFacts | undefined, now: AgentFacts): boolean =>
  before !== undefined && before.url === now.url && before.version === now.version && before.verify_ca === now.verify_ca

function checkVersions(body: Heartbeat, microversion: number): void {
  for (const [field, since] of Object.entries(heartbeatFieldsSince)) {
    if (body[field as keyof Heartbeat] !== undefined && microversion < since) {
      throw new Fault('invalid', `Field "${field}" not recognized by this API version; it needs 1.${since}`)
    }
  }
  if (microversion >= 36 && !body.agent_version && !body.agent_status) {
    throw new Fault('invalid', 'Agent did not transmit a version with its heartbeat. It must be updated.')
  }
}

type SeenAgent = AgentFacts & { last_heartbeat: string }

/** What is known of the agent after this heartbeat. Nothing is believed before the token. */
function checked(parts: HeartbeatParts, { internal }: NodeRecord, body: Heartbeat, peer: string): SeenAgent {
  const { agent } = internal
  checkToken(agent, body.agent_token)
  const url = checkCallbackUrl(body.callback_url, peer, parts.callbacks)
  if (agent?.url !== undefined && agent.url !== url) {
    throw new Fault('invalid', 'Detected change in ramdisk provided "callback_url"')
  }
  const ca = body.agent_verify_ca
  if (agent?.url !== undefined && agent.verify_ca !== ca) {
    throw new Fault('invalid', 'Detected change in ramdisk provided "agent_verify_ca"')
  }
  return {
    epoch: 0,
    ...agent,
    url,
    last_heartbeat: timestamp(parts.clock.now()),
    ...(body.agent_version === undefined ? {} : { version: body.agent_version }),
    ...(ca === undefined ? {} : { verify_ca: ca }),
  }
}

const wantsWork = (node: NodeRecord): boolean =>
  isWaiting(node.provision_state) &&
  !node.maintenance &&
  node.internal.flow?.phase === 'waiting' &&
  node.internal.flow.waiting_for !== 'inspection'

/** Opens the work of going on. A node that is held stays as it is: the next heartbeat, or the watcher, will do. */
export async function openResume(parts: ProvisionParts, node: Pick<NodeRecord, 'uuid'>): Promise<void> {
  try {
    await parts.store.commit({
      node_uuid: node.uuid,
      guard: { unlocked: true },
      open: { kind: 'resume', args: {}, purpose: 'heartbeat' },
    })
    parts.wake()
  } catch (error) {
    if (!isFault(error, 'node_locked')) throw error
  }
}
