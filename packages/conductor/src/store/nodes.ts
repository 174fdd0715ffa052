import { randomUUID } from 'node:crypto'
import { nodeFields } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import { timestamp } from '../core/clock.ts'
import type { NodeChanges, NodeRecord } from '../core/node.ts'
import type { Row } from './database.ts'
import type { StoreContext } from './context.ts'
import { storeEvents } from './events.ts'
import { nodeFromRow, nodeToColumns, sortableNodeColumns } from './node-rows.ts'
import type { NewEvent, NodeFilter, Page } from './store.ts'
import { filterSql, pageSql } from './query.ts'

const initial = Object.fromEntries(Object.entries(nodeFields).map(([name, field]) => [name, field.initial]))

/** Fault conflict when the uuid, name or instance is taken. */
export function createNode(
  context: StoreContext,
  given: NodeChanges & { uuid?: string },
  events: NewEvent[],
): NodeRecord {
  const { db, clock, sealer } = context
  return db.transaction(() => {
    const uuid = given.uuid ?? randomUUID()
    refuseDuplicates(context, { ...given, uuid }, undefined)
    const record = { ...initial, ...given, uuid, created_at: timestamp(clock.now()), internal: given.internal ?? {} }
    const columns = nodeToColumns(uuid, record, sealer)
    const names = [...columns.keys()]
    db.run(`INSERT INTO nodes (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`, ...columns.values())
    const node = mustFind(context, uuid)
    storeEvents(context, node, events)
    return node
  })
}

export function findNode(context: StoreContext, ident: string): NodeRecord | undefined {
  const row = findRow(context, ident)
  return row && context.touches.merged(nodeFromRow(row, context.sealer))
}

export function findRow({ db }: StoreContext, ident: string): Row | undefined {
  return (
    db.get('SELECT * FROM nodes WHERE uuid = ?', ident.toLowerCase()) ??
    db.get('SELECT * FROM nodes WHERE name = ?', ident)
  )
}

export function mustFind(context: StoreContext, uuid: string): NodeRecord {
  const node = findNode(context, uuid)
  if (!node) throw new Fault('not_found', `Node ${uuid} could not be found.`)
  return node
}

export function listNodes(context: StoreContext, filter: NodeFilter, page: Page): NodeRecord[] {
  const where = filterSql(filter)
  const { sql, values } = pageSql(context.db, 'nodes', where, page, sortableNodeColumns)
  return context.db.all(sql, ...values).map((row) => context.touches.merged(nodeFromRow(row, context.sealer)))
}

export function deleteNode(context: StoreContext, uuid: string): void {
  context.db.transaction(() => {
    const node = mustFind(context, uuid)
    if (isHeld(context, node)) throw lockedFault(node)
    context.db.run('DELETE FROM nodes WHERE uuid = ?', uuid)
    storeEvents(context, node, [{ type: 'node_deleted' }])
  })
}

/** Held: somebody works on it, or work is queued for it. A lease that ran out without open work holds nothing. */
export function isHeld({ db, clock }: StoreContext, node: NodeRecord): boolean {
  if (node.reservation === null) return false
  if (node.lock_until !== null && node.lock_until > clock.now().toISOString()) return true
  return db.get('SELECT 1 AS held FROM work WHERE node_uuid = ?', node.uuid) !== undefined
}

export const lockedFault = (node: NodeRecord): Fault =>
  new Fault(
    'node_locked',
    `Node ${node.uuid} is locked by host ${node.reservation}, please retry after the current operation is completed.`,
    { purpose: node.reservation_purpose },
  )

const uniqueFields = [
  ['uuid', (value: unknown) => `A node with UUID ${String(value)} already exists.`],
  ['name', (value: unknown) => `A node with name ${String(value)} already exists.`],
  [
    'instance_uuid',
    (value: unknown) =>
      `Instance ${String(value)} is already associated with a node, it cannot be associated with this other node.`,
  ],
] as const

export function refuseDuplicates({ db }: StoreContext, values: Partial<NodeRecord>, self: string | undefined): void {
  for (const [field, text] of uniqueFields) {
    const value = values[field]
    if (value === undefined || value === null) continue
    const other = db.get(`SELECT uuid FROM nodes WHERE ${field} = ?`, value)
    if (other && other['uuid'] !== self) throw new Fault('conflict', text(value))
  }
}
