import { randomUUID } from 'node:crypto'
import type { SQLInputValue } from 'node:sqlite'
import { portFields, type PortRecord } from '@ferrite/shared/contracts/ports'
import { Fault } from '@ferrite/shared/fault'
import { timestamp } from '../core/clock.ts'
import { fromColumn, kindOf, toColumn } from './columns.ts'
import type { Row } from './database.ts'
import type { StoreContext } from './context.ts'
import { isHeld, lockedFault, mustFind } from './nodes.ts'
import { addList, contains, pageSql, type Where } from './query.ts'
import type { Page, PortFilter } from './store.ts'

const kinds = new Map(Object.entries(portFields).map(([name, field]) => [name, kindOf(field.schema)]))
const sortable = new Set(['id', ...[...kinds].filter(([, kind]) => kind !== 'json').map(([name]) => name)])
const initial = Object.fromEntries(Object.entries(portFields).map(([name, field]) => [name, field.initial]))

export function createPort(context: StoreContext, given: Partial<PortRecord>, guard?: { unlocked: true }): PortRecord {
  const { db, clock } = context
  return db.transaction(() => {
    const uuid = given.uuid ?? randomUUID()
    const node = guard && given.node_uuid !== undefined ? mustFind(context, given.node_uuid) : undefined
    if (node && isHeld(context, node)) throw lockedFault(node)
    refuseDuplicates(context, { ...given, uuid }, undefined)
    const columns = toColumns(context, { ...initial, ...given, uuid, created_at: timestamp(clock.now()) })
    const names = [...columns.keys()]
    db.run(`INSERT INTO ports (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`, ...columns.values())
    return mustFindPort(context, uuid)
  })
}

export function findPort(context: StoreContext, ident: string): PortRecord | undefined {
  const { db } = context
  const row =
    db.get('SELECT * FROM ports WHERE uuid = ?', ident.toLowerCase()) ??
    db.get('SELECT * FROM ports WHERE name = ?', ident)
  return row && fromRow(context, row)
}

function mustFindPort(context: StoreContext, uuid: string): PortRecord {
  const port = findPort(context, uuid)
  if (!port) throw new Fault('not_found', `Port ${uuid} could not be found.`)
  return port
}

export function listPorts(context: StoreContext, filter: PortFilter, page: Page): PortRecord[] {
  const where: Where = { sql: [], values: [] }
  const add = (sql: string, ...values: SQLInputValue[]) => {
    where.sql.push(sql)
    where.values.push(...values)
  }
  if (filter.node_uuid !== undefined) add('node_uuid = ?', filter.node_uuid)
  if (filter.portgroup_uuid !== undefined) add('portgroup_uuid = ?', filter.portgroup_uuid)
  if (filter.description_contains !== undefined)
    add("description LIKE ? ESCAPE '\\'", contains(filter.description_contains))
  addList(add, 'address', filter.address)
  if (filter.visible_to !== undefined) {
    const { visible_to } = filter
    add('node_uuid IN (SELECT uuid FROM nodes WHERE owner = ? OR lessee = ?)', visible_to, visible_to)
  }
  addList(
    (sql, value) => add(`node_uuid IN (SELECT uuid FROM nodes WHERE ${sql})`, value ?? null),
    'shard',
    filter.shard,
  )
  addList(
    (sql, value) => add(`node_uuid IN (SELECT uuid FROM nodes WHERE ${sql})`, value ?? null),
    'conductor_group',
    filter.conductor_groups,
  )
  const { sql, values } = pageSql(context.db, 'ports', where, page, sortable)
  return context.db.all(sql, ...values).map((row) => fromRow(context, row))
}

export function updatePort(context: StoreContext, uuid: string, set: Partial<PortRecord>): PortRecord {
  const { db, clock } = context
  return db.transaction(() => {
    mustFindPort(context, uuid)
    refuseDuplicates(context, set, uuid)
    const columns = toColumns(context, { ...set, updated_at: timestamp(clock.now()) })
    db.run(
      `UPDATE ports SET ${[...columns.keys()].map((name) => `${name} = ?`).join(', ')} WHERE uuid = ?`,
      ...columns.values(),
      uuid,
    )
    return mustFindPort(context, uuid)
  })
}

export function deletePort({ db }: StoreContext, uuid: string): void {
  if (db.run('DELETE FROM ports WHERE uuid = ?', uuid) === 0)
    throw new Fault('not_found', `Port ${uuid} could not be found.`)
}

const uniqueFields = [
  ['uuid', (value: unknown) => `A port with UUID ${String(value)} already exists.`],
  ['address', (value: unknown) => `A port with MAC address ${String(value)} already exists.`],
  ['name', (value: unknown) => `A port with name ${String(value)} already exists.`],
] as const

function refuseDuplicates({ db }: StoreContext, values: Partial<PortRecord>, self: string | undefined): void {
  for (const [field, text] of uniqueFields) {
    const value = values[field]
    if (value === undefined || value === null) continue
    const other = db.get(`SELECT uuid FROM ports WHERE ${field} = ?`, value)
    if (other && other['uuid'] !== self) throw new Fault('conflict', text(value))
  }
}

function toColumns({ sealer }: StoreContext, port: Record<string, unknown>): Map<string, SQLInputValue> {
  const columns = new Map<string, SQLInputValue>()
  for (const [name, kind] of kinds) {
    if (port[name] !== undefined) columns.set(name, toColumn(port[name], kind, sealer, name))
  }
  return columns
}

function fromRow({ sealer }: StoreContext, row: Row): PortRecord {
  return Object.fromEntries(
    [...kinds].map(([name, kind]) => [name, fromColumn(row[name] ?? null, kind, sealer, name)]),
  ) as unknown as PortRecord
}
