import { Fault, isFault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import type { Commit, Store } from '../store/store.ts'

type Change = Omit<Commit, 'node_uuid' | 'revision'>

/**
 * Reads a node, decides, and writes only if nobody wrote in between; else it reads and decides again. For facts beside
 * the lock, such as a token or a heartbeat's time. `decide` may throw, or return undefined to leave things as they are.
 */
export async function changeNode(
  store: Store,
  uuid: string,
  decide: (node: NodeRecord) => Change | undefined,
): Promise<NodeRecord> {
  for (let tries = 0; ; tries += 1) {
    const node = await store.node(uuid)
    if (!node) throw new Fault('not_found', `Node ${uuid} could not be found.`)
    const change = decide(node)
    if (!change) return node
    try {
      return await store.commit({ ...change, node_uuid: uuid, revision: node.revision })
    } catch (error) {
      if (!isFault(error, 'conflict') || tries >= 20) throw error
    }
  }
}
