import { explain, isFault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { withNode, type WithNodeParts } from '../nodes/with-node.ts'
import { readTask } from '../nodes/read-task.ts'
import { eachNode } from './each-node.ts'
import type { Periodic } from './table.ts'

export type PowerSyncSettings = { everyMs: number; maxRetries: number; force: boolean }

const restingStates = [
  'manageable',
  'available',
  'active',
  'deploy failed',
  'clean failed',
  'inspect failed',
  'adopt failed',
  'error',
  'rescue',
  'rescue failed',
  'unrescue failed',
]

/** Reads the power of nodes at rest; brings it back or records it; a BMC that stays silent puts its node into maintenance. */
export const syncPowerState = (parts: WithNodeParts, settings: PowerSyncSettings): Periodic => ({
  name: 'sync power state',
  everyMs: settings.everyMs,
  run: (signal) =>
    eachNode({ ...parts, signal, concurrency: 8 }, { in_states: restingStates }, async (node) => {
      const recovers = node.fault === 'power failure'
      if (node.reservation !== null || (node.maintenance && !recovers)) return
      await syncOne(parts, settings, node, signal)
    }),
})

async function syncOne(
  parts: WithNodeParts,
  settings: PowerSyncSettings,
  node: NodeRecord,
  signal: AbortSignal,
): Promise<void> {
  try {
    await using look = await readTask(parts, node, signal)
    // The usual case, a machine that is as recorded, takes no lock and writes nothing.
    const seen = await look.interfaces.power.getPowerState(look)
    const asKnown = seen === node.power_state && !node.internal.power_sync_failures && node.fault !== 'power failure'
    if (asKnown) return
    await patiently(withNode(parts, node.uuid, 'power sync', (task) => settle(task, settings)))
  } catch (error) {
    if (signal.aborted) return
    await patiently(withNode(parts, node.uuid, 'power sync', (task) => countFailure(task, settings, explain(error))))
  }
}

/** Somebody works on the node: its power is theirs. */
async function patiently(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isFault(error, 'node_locked')) throw error
  })
}

async function settle(task: Task, { force }: PowerSyncSettings): Promise<void> {
  const { node } = task
  const seen = await task.interfaces.power.getPowerState(task)
  const healed = node.fault === 'power failure' ? { maintenance: false, maintenance_reason: null, fault: null } : {}
  const known = node.power_state === 'power on' || node.power_state === 'power off' ? node.power_state : null
  const internal = { power_sync_failures: undefined }
  if (known === null || seen === known || !force || node.fault === 'power failure') {
    const events = seen === node.power_state ? [] : [{ type: 'power_state' as const, from: node.power_state, to: seen }]
    return task.save({ ...healed, power_state: seen, internal }, { events })
  }
  task.log.warn({ seen, known }, 'the machine is not in the power state on record; bringing it back')
  await task.effect(`bring the power back to ${known}`, () => task.interfaces.power.setPowerState(task, known))
  await task.save({ internal })
}

async function countFailure(task: Task, { maxRetries }: PowerSyncSettings, reason: string): Promise<void> {
  const failures = (task.node.internal.power_sync_failures ?? 0) + 1
  const internal = { power_sync_failures: failures }
  if (failures < maxRetries || task.node.maintenance) return task.save({ internal })
  const text = `During sync_power_state, max retries exceeded for node ${task.node.uuid}: ${reason}`
  task.log.error({ failures, reason }, 'the BMC stays silent; the node goes into maintenance')
  await task.save(
    { maintenance: true, maintenance_reason: text, last_error: text, fault: 'power failure', internal },
    { history: [{ severity: 'ERROR', event_type: 'monitoring', event: text }] },
  )
}
