import type { Clock } from '../core/clock.ts'
import { isFault } from '@ferrite/shared/fault'
import type { NodeChanges, NodeRecord } from '../core/node.ts'
import type { Store } from '../store/store.ts'

const tries = 3
const pauseMs = 1000

/** Waits out a lock that is held for a moment (a power reading): three tries, a second apart, as Ironic does. */
export async function whenUnlocked<T>(clock: Clock, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (!isFault(error, 'node_locked') || attempt >= tries) throw error
      await clock.sleep(pauseMs, signal)
    }
  }
}

const revisions = 5

/**
 * Changes a node's own fields to what `change` makes of them; nothing when it names none. When somebody else (a power
 * reading, a heartbeat) was quicker, `change` is asked again about what they left. Fault node_locked while worked on.
 */
export async function reviseNode(
  store: Store,
  find: () => Promise<NodeRecord>,
  change: (node: NodeRecord) => NodeChanges | Promise<NodeChanges>,
): Promise<NodeRecord> {
  for (let attempt = 1; ; attempt += 1) {
    const node = await find()
    const set = await change(node)
    if (Object.keys(set).length === 0) return node
    try {
      return await store.commit({ node_uuid: node.uuid, guard: { unlocked: true }, revision: node.revision, set })
    } catch (error) {
      const now = await store.node(node.uuid)
      if (!isFault(error, 'conflict') || attempt >= revisions || now?.revision === node.revision) throw error
    }
  }
}

/** Runs `work` with the node's lock held, for facts that do not lie in the node's row (ports). */
export async function whileLocked<T>(
  context: { store: Store; host: string },
  node: NodeRecord,
  purpose: string,
  work: (node: NodeRecord) => Promise<T>,
): Promise<T> {
  const lease = await context.store.lock(node.uuid, { owner: context.host, purpose, leaseMs: 10_000 })
  try {
    return await work(lease.node)
  } finally {
    await context.store.unlock(node.uuid, lease.fence)
  }
}
