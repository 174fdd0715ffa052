import type { ProgressReport } from '@ferrite/shared/contracts/callback'
import { Fault } from '@ferrite/shared/fault'
import { timestamp } from '../core/clock.ts'
import { changeNode } from './change-node.ts'
import type { ProvisionParts } from './parts.ts'
import { isToken } from './tokens.ts'

const touchMs = 60_000

/** An agent says how far its write is: told to whoever listens, and a sign of life. Never stored by itself. */
export async function progress(parts: ProvisionParts, report: ProgressReport): Promise<void> {
  const node = await parts.store.node(report.node_uuid)
  // The same answer for a node that is not there and for a token that is not its own.
  if (!node || !isToken(node.internal.agent, report.agent_token)) {
    throw new Fault('not_found', 'Resource could not be found.')
  }
  const now = parts.clock.now()
  parts.events.publish({
    id: await parts.store.lastEventId(),
    at: timestamp(now),
    node_uuid: node.uuid,
    node_name: node.name,
    type: 'progress',
    progress: report.progress,
  })
  const touched = Date.parse(node.provision_updated_at ?? '') || 0
  if (now.getTime() - touched < touchMs) return
  await changeNode(parts.store, node.uuid, ({ internal }) =>
    isToken(internal.agent, report.agent_token)
      ? { guard: { any: true }, set: { provision_updated_at: timestamp(now) } }
      : undefined,
  )
}
