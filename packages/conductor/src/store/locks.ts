import { Fault } from '@ferrite/shared/fault'
import { textOf, type Row } from './database.ts'
import type { StoreContext } from './context.ts'
import { isHeld, lockedFault, mustFind } from './nodes.ts'
import type { Claim, Lease, Work } from './store.ts'

type Holder = { owner: string; purpose: string; leaseMs: number }

export function lock(context: StoreContext, uuid: string, by: Holder): Lease {
  return context.db.transaction(() => {
    const node = mustFind(context, uuid)
    if (isHeld(context, node)) throw lockedFault(node)
    return take(context, uuid, by)
  })
}

export function unlock({ db }: StoreContext, uuid: string, fence: number): void {
  db.run(
    'UPDATE nodes SET reservation = NULL, reservation_purpose = NULL, lock_until = NULL WHERE uuid = ? AND lock_epoch = ?',
    uuid,
    fence,
  )
}

/** Due work on nodes without a live lease, each taken with its node's lock in the same transaction. */
export function claim(context: StoreContext, by: { owner: string; leaseMs: number; limit: number }): Claim[] {
  const { db, clock } = context
  const now = clock.now().toISOString()
  return db.transaction(() =>
    db
      .all(
        `SELECT work.* FROM work JOIN nodes ON nodes.uuid = work.node_uuid
          WHERE work.due_at <= ? AND (nodes.lock_until IS NULL OR nodes.lock_until <= ?)
          ORDER BY work.due_at, work.id LIMIT ?`,
        now,
        now,
        by.limit,
      )
      .map((row) => {
        db.run('UPDATE work SET attempts = attempts + 1 WHERE id = ?', row['id'] ?? null)
        const work = toWork(row)
        const purpose = mustFind(context, work.node_uuid).reservation_purpose ?? work.kind
        return { ...take(context, work.node_uuid, { ...by, purpose }), work: { ...work, attempts: work.attempts + 1 } }
      }),
  )
}

function take(context: StoreContext, uuid: string, by: Holder): Lease {
  const until = new Date(context.clock.now().getTime() + by.leaseMs)
  context.db.run(
    'UPDATE nodes SET reservation = ?, reservation_purpose = ?, lock_until = ?, lock_epoch = lock_epoch + 1 WHERE uuid = ?',
    by.owner,
    by.purpose,
    until.toISOString(),
    uuid,
  )
  const node = mustFind(context, uuid)
  return { node, fence: node.lock_epoch, until }
}

export function renew({ db, clock }: StoreContext, uuid: string, fence: number, leaseMs: number): Date {
  const until = new Date(clock.now().getTime() + leaseMs)
  const changed = db.run(
    'UPDATE nodes SET lock_until = ? WHERE uuid = ? AND lock_epoch = ? AND reservation IS NOT NULL AND lock_until IS NOT NULL',
    until.toISOString(),
    uuid,
    fence,
  )
  if (changed === 0) throw new Fault('lease_lost', `the lock on node ${uuid} is not ours any more`, { fence })
  return until
}

/** Leases of an earlier life end: queued work becomes claimable, locks without work fall. Returns how many nodes. */
export function expireLeases({ db }: StoreContext, owner: string): number {
  return db.transaction(
    () =>
      db.run(
        'UPDATE nodes SET lock_until = NULL WHERE reservation = ? AND uuid IN (SELECT node_uuid FROM work)',
        owner,
      ) +
      db.run(
        `UPDATE nodes SET reservation = NULL, reservation_purpose = NULL, lock_until = NULL
          WHERE reservation = ? AND uuid NOT IN (SELECT node_uuid FROM work)`,
        owner,
      ),
  )
}

export function openWork({ db }: StoreContext, uuid: string): Work | undefined {
  const row = db.get('SELECT * FROM work WHERE node_uuid = ?', uuid)
  return row && toWork(row)
}

export function nextDue({ db }: StoreContext): Date | undefined {
  const row = db.get(
    'SELECT min(work.due_at) AS due FROM work JOIN nodes ON nodes.uuid = work.node_uuid WHERE nodes.lock_until IS NULL',
  )
  return typeof row?.['due'] === 'string' ? new Date(row['due']) : undefined
}

function toWork(row: Row): Work {
  return { ...(row as unknown as Work), args: JSON.parse(textOf(row, 'args')) }
}
