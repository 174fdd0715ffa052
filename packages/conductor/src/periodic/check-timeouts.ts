import { isFault } from '@ferrite/shared/fault'
import { lastSeen } from '../boot-trace/diagnose.ts'
import type { NodeRecord } from '../core/node.ts'
import type { ProvisionParts } from '../provision/parts.ts'
import { eachNode } from './each-node.ts'
import type { Periodic } from './table.ts'

export type TimeoutSettings = {
  everyMs: number
  /** Milliseconds by state; 0 is never. */
  limitsMs: Readonly<Record<string, number>>
  /** This conductor's start: it cannot have heard anything before. */
  since: Date
}

/** Fails nodes that have waited too long for their agent to say anything. */
export const checkTimeouts = (parts: ProvisionParts, settings: TimeoutSettings): Periodic => ({
  name: 'check timeouts',
  everyMs: settings.everyMs,
  run: (signal) =>
    eachNode(
      { ...parts, signal, concurrency: 20 },
      { in_states: Object.keys(settings.limitsMs).filter((state) => (settings.limitsMs[state] ?? 0) > 0) },
      (node) => failIfLate(parts, settings, node),
    ),
})

const doing: Readonly<Record<string, string>> = {
  'clean wait': ' while cleaning',
  'rescue wait': ' while rescuing',
  'service wait': ' while servicing',
  'inspect wait': ' while inspecting',
}

async function failIfLate(parts: ProvisionParts, settings: TimeoutSettings, node: NodeRecord): Promise<void> {
  if (node.maintenance || node.reservation !== null) return
  const limit = settings.limitsMs[node.provision_state] ?? 0
  const silent = parts.clock.now().getTime() - lastSign(parts, settings, node)
  if (limit <= 0 || silent < limit) return
  await openFail(
    parts,
    node,
    `Timeout reached${doing[node.provision_state] ?? ''} while waiting for callback for node ${node.uuid}${seenOf(node, silent)}`,
  )
}

/** How far the boot came, of a machine whose agent was never heard of. */
function seenOf({ internal: { boots, agent } }: NodeRecord, silentMs: number): string {
  const boot = boots?.at(-1)
  if (agent?.url !== undefined || !boot || boot.epoch !== agent?.epoch) return ''
  return `. ${lastSeen({ boot, silentMs })}`
}

function lastSign({ events }: ProvisionParts, { since }: TimeoutSettings, node: NodeRecord): number {
  const progress = events.progress(node.uuid)
  const signs = [node.provision_updated_at, progress?.at].map((at) => (at ? Date.parse(at) : 0))
  return Math.max(since.getTime(), ...signs)
}

/** Opens the work of failing; a node that somebody holds is not late. */
export async function openFail(parts: ProvisionParts, node: NodeRecord, reason: string): Promise<void> {
  try {
    await parts.store.commit({
      node_uuid: node.uuid,
      guard: { unlocked: true },
      revision: node.revision,
      open: { kind: 'fail', args: { reason }, purpose: 'ending a wait' },
    })
    parts.wake()
  } catch (error) {
    if (!isFault(error, 'node_locked') && !isFault(error, 'conflict')) throw error
  }
}
