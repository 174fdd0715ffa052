import type { Logger } from 'pino'
import { Fault, isFault } from '@ferrite/shared/fault'
import type { Clock } from '../core/clock.ts'
import type { Interfaces } from '../core/interfaces.ts'
import type { NodeChanges, NodeRecord } from '../core/node.ts'
import type { AgentClient, Task } from '../core/task.ts'
import type { Commit, Store } from '../store/store.ts'

export type TaskParts = {
  store: Store
  clock: Clock
  log: Logger
  interfacesOf(node: NodeRecord): Interfaces
  openAgent(task: Task): AgentClient & AsyncDisposable
}
export type OpenTask = Task & AsyncDisposable & { readonly fence: number }

/** A task under the lock of `fence`. What it saves is checked against the fence by the store, each time. */
export async function openTask(
  parts: TaskParts,
  lease: { node: NodeRecord; fence: number },
  signal: AbortSignal,
): Promise<OpenTask> {
  const { store, clock } = parts
  let node = lease.node
  let agent: (AgentClient & AsyncDisposable) | undefined
  const ports = await store.ports({ node_uuid: node.uuid })
  const task: OpenTask = {
    get node() {
      return node
    },
    get agent() {
      agent ??= parts.openAgent(task)
      return agent
    },
    fence: lease.fence,
    ports,
    interfaces: parts.interfacesOf(node),
    clock,
    log: parts.log.child({ node: node.uuid }),
    signal,
    save: async (set, more = {}) => {
      node = await saveMerged(store, node.uuid, lease.fence, set, more)
    },
    effect: async (what, work) => {
      await checkFence(store, node.uuid, lease.fence, signal, what)
      return work(signal)
    },
    configdrive: () => store.configdrive(node.uuid),
    details: store.details,
    [Symbol.asyncDispose]: async () => agent?.[Symbol.asyncDispose](),
  }
  return task
}

// A heartbeat may be recorded between the reading and the writing: then read again.
async function saveMerged(
  store: Store,
  uuid: string,
  fence: number,
  set: NodeChanges,
  more: Omit<Commit, 'node_uuid' | 'guard' | 'set'>,
): Promise<NodeRecord> {
  if (set.internal === undefined) return store.commit({ ...more, node_uuid: uuid, guard: { fence }, set })
  for (let tries = 0; ; tries += 1) {
    const fresh = await store.node(uuid)
    if (!fresh) throw new Fault('lease_lost', `node ${uuid} was deleted meanwhile`)
    const merged = { ...set, internal: { ...fresh.internal, ...set.internal } }
    try {
      return await store.commit({
        ...more,
        node_uuid: uuid,
        guard: { fence },
        revision: fresh.revision,
        set: merged,
      })
    } catch (error) {
      if (!isFault(error, 'conflict') || tries >= 10) throw error
    }
  }
}

async function checkFence(store: Store, uuid: string, fence: number, signal: AbortSignal, what: string): Promise<void> {
  signal.throwIfAborted()
  const now = await store.node(uuid)
  if (now?.lock_epoch === fence && now.reservation !== null) return
  throw new Fault('lease_lost', `refused to ${what}: the lock on node ${uuid} is not ours any more`, { fence })
}
