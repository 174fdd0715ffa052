import type { NodeRecord } from '../core/node.ts'
import type { Database } from './database.ts'

/** A sign of life: when, and in which boot of the agent. */
export type Touch = { at: string; epoch: number }

export type Touches = {
  touch(node_uuid: string, touch: Touch): void
  /** The record with what was heard since its row was written. */
  merged(node: NodeRecord): NodeRecord
  /** Writes everything heard into the rows, in one transaction. Call what it returns once that is on the disk. */
  flush(): () => void
}

/**
 * Heartbeats that change nothing but a time wait here and reach the disk together: thousands a second cost one commit
 * every few seconds. Whoever reads a node reads them too, so no timeout misses one; a crash forgets seconds of them.
 */
export function openTouches(db: Database): Touches {
  const waiting = new Map<string, Touch>()
  return {
    touch: (node_uuid, touch) => void waiting.set(node_uuid, touch),
    merged: (node) => {
      const touch = waiting.get(node.uuid)
      return touch ? withTouch(node, touch) : node
    },
    flush: () => {
      const written = [...waiting]
      if (written.length > 0) {
        db.transaction(() => {
          for (const [uuid, { at, epoch }] of written) db.run(sql, at, at, epoch, at, at, uuid)
        })
      }
      return () => {
        for (const [uuid, touch] of written) if (waiting.get(uuid) === touch) waiting.delete(uuid)
      }
    },
  }
}

const sql = `UPDATE nodes SET
  provision_updated_at = CASE WHEN ifnull(provision_updated_at, '') < ? THEN ? ELSE provision_updated_at END,
  internal = CASE
    WHEN json_extract(internal, '$.agent.epoch') = ? AND ifnull(json_extract(internal, '$.agent.last_heartbeat'), '') < ?
    THEN json_set(internal, '$.agent.last_heartbeat', ?)
    ELSE internal END
  WHERE uuid = ?`

// A sign of an earlier boot says nothing about the agent of this one.
function withTouch(node: NodeRecord, { at, epoch }: Touch): NodeRecord {
  const { agent } = node.internal
  const since = node.provision_updated_at
  const merged = since === null || since < at ? { ...node, provision_updated_at: at } : node
  if (agent?.epoch !== epoch || (agent.last_heartbeat ?? '') >= at) return merged
  return { ...merged, internal: { ...node.internal, agent: { ...agent, last_heartbeat: at } } }
}
