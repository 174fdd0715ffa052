import { Fault } from '@ferrite/shared/fault'
import { timestamp } from '../core/clock.ts'
import type { NodeRecord } from '../core/node.ts'
import type { StoreContext } from './context.ts'
import { storeEvents } from './events.ts'
import { storeHistory } from './history.ts'
import { isHeld, lockedFault, mustFind, refuseDuplicates } from './nodes.ts'
import { nodeToColumns } from './node-rows.ts'
import type { Commit, Guard } from './store.ts'

/** One transaction on a node: row, work, config drive, history and events together. */
export function commit(context: StoreContext, change: Commit): NodeRecord {
  return context.db.transaction(() => {
    const before = mustFind(context, change.node_uuid)
    checkGuard(context, before, change.guard)
    if (change.revision !== undefined && change.revision !== before.revision) {
      throw new Fault(
        'conflict',
        `Node ${before.uuid} was changed by somebody else meanwhile; read it again and retry.`,
      )
    }
    writeNode(context, before, change)
    applyWork(context, before, change)
    if (change.configdrive !== undefined) writeConfigdrive(context, before.uuid, change.configdrive?.reveal() ?? null)
    const after = mustFind(context, change.node_uuid)
    storeHistory(context, after, change.history ?? [])
    storeEvents(context, after, change.events ?? [])
    return after
  })
}

function checkGuard(context: StoreContext, node: NodeRecord, guard: Guard): void {
  if ('unlocked' in guard && isHeld(context, node)) throw lockedFault(node)
  if ('fence' in guard && (guard.fence !== node.lock_epoch || node.reservation === null)) {
    throw new Fault('lease_lost', `the lock on node ${node.uuid} is not ours any more`, {
      fence: guard.fence,
      epoch: node.lock_epoch,
    })
  }
}

function writeNode(context: StoreContext, before: NodeRecord, { set }: Commit): void {
  const { db, clock, sealer } = context
  const now = timestamp(clock.now())
  const changes: Partial<NodeRecord> = { ...set, updated_at: now }
  if (set?.provision_state !== undefined && set.provision_state !== before.provision_state)
    changes.provision_updated_at ??= now
  refuseDuplicates(context, changes, before.uuid)
  if (before.allocation_uuid !== null && set?.instance_uuid === null) endAllocation(context, before, changes)
  const columns = nodeToColumns(before.uuid, changes, sealer)
  const assignments = [...columns.keys()].map((name) => `${name} = ?`)
  db.run(
    `UPDATE nodes SET ${[...assignments, 'revision = revision + 1'].join(', ')} WHERE uuid = ?`,
    ...columns.values(),
    before.uuid,
  )
}

// An allocation lives as long as its node has the instance that it stands for.
function endAllocation({ db }: StoreContext, before: NodeRecord, changes: Partial<NodeRecord>): void {
  db.run('DELETE FROM allocations WHERE uuid = ?', before.allocation_uuid)
  changes.allocation_uuid = null
}

function applyWork(context: StoreContext, node: NodeRecord, change: Commit): void {
  const { db } = context
  const { open, close, again } = change
  if (close) db.run('DELETE FROM work WHERE id = ? AND node_uuid = ?', close.work_id, node.uuid)
  if (again) {
    const args = again.args === undefined ? null : JSON.stringify(again.args)
    db.run(
      'UPDATE work SET due_at = ?, args = ifnull(?, args) WHERE id = ?',
      again.due_at.toISOString(),
      args,
      again.work_id,
    )
  }
  if (open) openWork(context, node, open)
  else if (close || again?.free) reserve(context, node.uuid, null, null)
  else if (again) reserve(context, node.uuid, node.reservation, node.reservation_purpose)
}

// A new order replaces work that nobody holds: it was waiting, and what it waited for has been overtaken.
function openWork(context: StoreContext, node: NodeRecord, open: NonNullable<Commit['open']>): void {
  const { db, clock, host } = context
  db.run('DELETE FROM work WHERE node_uuid = ?', node.uuid)
  db.run(
    'INSERT INTO work (node_uuid, kind, args, due_at, request_id) VALUES (?, ?, ?, ?, ?)',
    node.uuid,
    open.kind,
    JSON.stringify(open.args),
    (open.due_at ?? clock.now()).toISOString(),
    open.request_id ?? null,
  )
  reserve(context, node.uuid, host, open.purpose)
}

function reserve({ db }: StoreContext, uuid: string, holder: string | null, purpose: string | null): void {
  db.run(
    'UPDATE nodes SET reservation = ?, reservation_purpose = ?, lock_until = NULL WHERE uuid = ?',
    holder,
    purpose,
    uuid,
  )
}

function writeConfigdrive({ db, sealer }: StoreContext, uuid: string, content: string | null): void {
  if (content === null) {
    db.run('DELETE FROM configdrives WHERE node_uuid = ?', uuid)
    return
  }
  db.run(
    'INSERT OR REPLACE INTO configdrives (node_uuid, content) VALUES (?, ?)',
    uuid,
    sealer.seal(content, `configdrives|${uuid}`),
  )
}
