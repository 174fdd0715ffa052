import { isFault } from '@ferrite/shared/fault'
import type { Task } from '../core/task.ts'
import type { Lease, Store } from '../store/store.ts'
import { keepLease } from '../work/lease.ts'
import { openTask, type TaskParts } from '../work/task.ts'

export type WithNodeParts = TaskParts & { store: Store; owner: string; leaseMs: number; stopped: AbortSignal }

/**
 * Runs a short operation with the node to itself and gives the lock back. A lock that is held is waited for three times
 * a second, as Ironic does; then Fault node_locked names the holder.
 */
export async function withNode<T>(
  parts: WithNodeParts,
  node_uuid: string,
  purpose: string,
  work: (task: Task) => Promise<T>,
): Promise<T> {
  const lease = await lockPatiently(parts, node_uuid, purpose)
  try {
    await using kept = keepLease(parts, lease, parts.stopped)
    await using task = await openTask(parts, lease, kept.signal)
    return await work(task)
  } finally {
    await parts.store.unlock(node_uuid, lease.fence)
  }
}

async function lockPatiently(parts: WithNodeParts, node_uuid: string, purpose: string): Promise<Lease> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await parts.store.lock(node_uuid, { owner: parts.owner, purpose, leaseMs: parts.leaseMs })
    } catch (error) {
      if (!isFault(error, 'node_locked') || tries >= 3) throw error
      await parts.clock.sleep(1_000, parts.stopped)
    }
  }
}
