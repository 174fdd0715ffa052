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
}

/** A node's newest sign, and when this process first saw that it is the newest: monotonic milliseconds. */
type Heard = { sign: string; seenMs: number }

/**
 * Fails nodes that have waited too long for their agent to say anything. How long is counted from when a sign was seen
 * here first: a wall clock that is set neither ends a wait early nor puts it off.
 */
export function checkTimeouts(parts: ProvisionParts, settings: TimeoutSettings): Periodic {
  const in_states = Object.keys(settings.limitsMs).filter((state) => (settings.limitsMs[state] ?? 0) > 0)
  let heard = new Map<string, Heard>()
  return {
    name: 'check timeouts',
    everyMs: settings.everyMs,
    run: async (signal) => {
      const before = heard
      heard = new Map()
      await eachNode({ ...parts, signal, concurrency: 20 }, { in_states }, async (node) => {
        const sign = newestSign(parts, node)
        const known = before.get(node.uuid)
        const now = known?.sign === sign ? known : { sign, seenMs: parts.clock.monotonicMs() }
        heard.set(node.uuid, now)
        await failIfLate(parts, settings, node, parts.clock.monotonicMs() - now.seenMs)
      })
    },
  }
}

const newestSign = ({ events }: ProvisionParts, node: NodeRecord): string =>
  `${node.provision_state} ${node.provision_updated_at} ${events.progress(node.uuid)?.at}`

const doing: Readonly<Record<string, string>> = {
  'clean wait': ' while cleaning',
  'rescue wait': ' while rescuing',
  'service wait': ' while servicing',
  'inspect wait': ' while inspecting',
}

async function failIfLate(
  parts: ProvisionParts,
  settings: TimeoutSettings,
  node: NodeRecord,
  silent: number,
): Promise<void> {
  if (node.maintenance || node.reservation !== null) return
  const limit = settings.limitsMs[node.provision_state] ?? 0
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
