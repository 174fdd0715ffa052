import { explain, isFault } from '@ferrite/shared/fault'
import { isWaiting } from '@ferrite/shared/provision'
import type { NodeRecord } from '../core/node.ts'
import { readTask } from '../nodes/read-task.ts'
import { isDeaf, verdictOn } from '../provision/agent-verdict.ts'
import { openResume } from '../provision/heartbeat.ts'
import type { ProvisionParts } from '../provision/parts.ts'
import { bmcSaysOff } from '../provision/silence.ts'
import type { TaskParts } from '../work/task.ts'
import { openFail } from './check-timeouts.ts'
import { eachNode } from './each-node.ts'
import type { Periodic } from './table.ts'

export type WatchSettings = {
  everyMs: number
  /** How long an agent at work may be unreachable before its step has failed. */
  silenceMs: number
}

export interface AgentWatch extends Periodic {
  /** Looks at one node now, beside the interval. */
  nudge(node_uuid: string): void
}

type Silence = { since: number; looks: number; refused: number }

/** Looks at agents that work for us between their heartbeats: the end of a command, or of an agent, is seen in seconds. */
export function watchAgents(parts: ProvisionParts & TaskParts, settings: WatchSettings): AgentWatch {
  const silences = new Map<string, Silence>()
  const stopped = new AbortController()
  const look = (node: NodeRecord, signal: AbortSignal) => lookAt({ ...parts, ...settings, silences }, node, signal)
  return {
    name: 'watch agents',
    everyMs: settings.everyMs,
    run: (signal) =>
      eachNode(
        { ...parts, signal, concurrency: 20 },
        { in_states: ['wait call-back', 'clean wait', 'service wait', 'rescue wait'] },
        (node) => look(node, signal),
      ),
    nudge: (node_uuid) => {
      void parts.store
        .node(node_uuid)
        .then((node) => node && look(node, stopped.signal))
        .catch((error: unknown) => parts.log.debug({ node: node_uuid, reason: explain(error) }, 'nothing to see yet'))
    },
  }
}

type Parts = ProvisionParts & TaskParts & WatchSettings & { silences: Map<string, Silence> }

async function lookAt(parts: Parts, node: NodeRecord, signal: AbortSignal): Promise<void> {
  const { agent, flow } = node.internal
  const waits = isWaiting(node.provision_state) && flow?.phase === 'waiting' && node.reservation === null
  if (!waits || !agent?.url || node.maintenance || isDeaf(flow)) return
  await using task = await readTask(parts, node, signal)
  try {
    const verdict = verdictOn(flow, await task.agent.commands())
    parts.silences.delete(node.uuid)
    if (verdict.is !== 'wait') await openResume(parts, node)
  } catch (error) {
    if (signal.aborted || !isFault(error, 'agent_unreachable')) throw error
    await judge(parts, node, await bmcSaysOff(task), error.details['reason'] === 'ECONNREFUSED')
  }
}

const looksUntilDead = 3
const titles: Readonly<Record<string, string>> = { clean: 'Clean', service: 'Service', rescue: 'Rescue' }

/**
 * An agent that is not reached: dead when its machine is off, or when its machine refuses connections three times in a
 * row (nobody listens any more); silent machines get longer, since networks have their moments.
 */
async function judge(parts: Parts, node: NodeRecord, off: boolean, refused: boolean): Promise<void> {
  const now = parts.clock.monotonicMs()
  const before = parts.silences.get(node.uuid) ?? { since: now, looks: 0, refused: 0 }
  const silence = { ...before, looks: before.looks + 1, refused: refused ? before.refused + 1 : 0 }
  parts.silences.set(node.uuid, silence)
  const why = off
    ? 'the machine lost its power'
    : silence.refused >= looksUntilDead
      ? 'nothing listens there any more'
      : silence.looks >= looksUntilDead && now - silence.since > parts.silenceMs
        ? `it has not answered for ${Math.round((now - silence.since) / 1000)} s`
        : undefined
  if (why === undefined) return
  parts.silences.delete(node.uuid)
  const { agent, flow } = node.internal
  const step = flow?.steps[flow.index]
  const what = `${titles[flow?.kind ?? ''] ?? 'Deploy'} step ${step?.interface}.${step?.step}`
  await openFail(parts, node, `${what} failed on node ${node.uuid}. The agent at ${agent?.url} is gone: ${why}`)
}
