import { randomUUID } from 'node:crypto'
import type { SQLInputValue } from 'node:sqlite'
import { Fault } from '@ferrite/shared/fault'
import { timestamp } from '../core/clock.ts'
import { fromColumn, toColumn } from './columns.ts'
import type { StoreContext } from './context.ts'
import { textOf, type Row } from './database.ts'
import { addList, contains, pageSql, type Where } from './query.ts'
import type { ResourceFilter, ResourceKind, ResourceRecords, ResourceStore } from './resource-store.ts'
import { resourceTables, type ResourceTable } from './resource-tables.ts'
import type { Page } from './store.ts'

type Bag = Record<string, unknown>

export function resourceStore(context: StoreContext): ResourceStore {
  const { db } = context
  return {
    create: async (kind, record) => db.transaction(() => createResource(context, kind, record)),
    find: async (kind, ident) => findResource(context, kind, ident),
    list: async (kind, filter = {}, page = {}) => listResources(context, kind, filter, page),
    update: async (kind, uuid, set) => db.transaction(() => updateResource(context, kind, uuid, set)),
    delete: async (kind, uuid) => db.transaction(() => deleteResource(context, kind, uuid)),
    deleteAll: async (kind) => db.run(`DELETE FROM ${kind}`),
  }
}

/** Inside of a transaction. */
export function createResource<K extends ResourceKind>(
  context: StoreContext,
  kind: K,
  given: Partial<ResourceRecords[K]>,
): ResourceRecords[K] {
  const table = resourceTables[kind]
  const uuid = typeof given.uuid === 'string' ? given.uuid : randomUUID()
  const record = { ...table.initial, ...given, uuid, created_at: timestamp(context.clock.now()), updated_at: null }
  refuseDuplicates(context, table, record, undefined)
  const columns = toColumns(context, table, record, uuid)
  const names = [...columns.keys()].map(quoted)
  context.db.run(
    `INSERT INTO ${kind} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    ...columns.values(),
  )
  return mustFind(context, kind, uuid)
}

export function findResource<K extends ResourceKind>(
  context: StoreContext,
  kind: K,
  ident: string,
): ResourceRecords[K] | undefined {
  const { kinds } = resourceTables[kind]
  const row =
    context.db.get(`SELECT * FROM ${kind} WHERE uuid = ?`, ident.toLowerCase()) ??
    (kinds.has('name') ? context.db.get(`SELECT * FROM ${kind} WHERE name = ?`, ident) : undefined)
  return row && fromRow(context, kind, row)
}

export function mustFind<K extends ResourceKind>(context: StoreContext, kind: K, uuid: string): ResourceRecords[K] {
  const record = findResource(context, kind, uuid)
  if (!record) throw absent(resourceTables[kind], uuid)
  return record
}

function listResources<K extends ResourceKind>(
  context: StoreContext,
  kind: K,
  filter: ResourceFilter,
  page: Page,
): ResourceRecords[K][] {
  const table = resourceTables[kind]
  const where = whereOf(table, filter)
  const { sql, values } = pageSql(context.db, kind, where, page, table.sortable, table.title)
  return context.db.all(sql, ...values).map((row) => fromRow(context, kind, row))
}

function whereOf(table: ResourceTable, filter: ResourceFilter): Where {
  const where: Where = { sql: [], values: [] }
  const add = (sql: string, ...values: SQLInputValue[]) => {
    where.sql.push(sql)
    where.values.push(...values)
  }
  for (const [column, value] of Object.entries(filter)) {
    if (value === undefined) continue
    if (column === 'description_contains') {
      add("description LIKE ? ESCAPE '\\'", contains(String(value)))
      continue
    }
    if (column === 'visible_to') {
      addVisible(add, table, String(value))
      continue
    }
    const ofNode = !table.kinds.has(column) && ['shard', 'conductor_group'].includes(column)
    if (!ofNode && !table.kinds.has(column)) throw new Fault('bug', `${table.noun} has no column ${column}`)
    const put = (sql: string, ...values: SQLInputValue[]) =>
      ofNode ? add(`node_uuid IN (SELECT uuid FROM nodes WHERE ${sql})`, ...values) : add(sql, ...values)
    if (typeof value === 'object') addList(put, quoted(column), [...value])
    else put(`${quoted(column)} = ?`, typeof value === 'boolean' ? Number(value) : value)
  }
  return where
}

/** What a project sees of a table: what its nodes have, what is its own, public runbooks. */
function addVisible(
  add: (sql: string, ...values: SQLInputValue[]) => void,
  { name, kinds }: ResourceTable,
  project: string,
) {
  if (name === 'allocations') add('owner = ?', project)
  else if (name === 'runbooks') add('(owner = ? OR "public" = 1)', project)
  else if (kinds.has('node_uuid')) {
    add('node_uuid IN (SELECT uuid FROM nodes WHERE owner = ? OR lessee = ?)', project, project)
  } else add('0 = 1')
}

/** Inside of a transaction. */
export function updateResource<K extends ResourceKind>(
  context: StoreContext,
  kind: K,
  uuid: string,
  set: Partial<ResourceRecords[K]>,
): ResourceRecords[K] {
  const table = resourceTables[kind]
  const before = mustFind(context, kind, uuid)
  refuseDuplicates(context, table, { ...before, ...set }, before.uuid)
  const columns = toColumns(context, table, { ...set, updated_at: timestamp(context.clock.now()) }, before.uuid)
  const assignments = [...columns.keys()].map((name) => `${quoted(name)} = ?`)
  context.db.run(`UPDATE ${kind} SET ${assignments.join(', ')} WHERE uuid = ?`, ...columns.values(), before.uuid)
  return mustFind(context, kind, before.uuid)
}

/** Inside of a transaction. */
export function deleteResource(context: StoreContext, kind: ResourceKind, uuid: string): void {
  const table = resourceTables[kind]
  for (const user of table.users) {
    const used = context.db.get(`SELECT 1 AS used FROM ${user.table} WHERE ${user.column} = ? LIMIT 1`, uuid)
    if (used) throw new Fault('invalid', user.text(uuid))
  }
  if (context.db.run(`DELETE FROM ${kind} WHERE uuid = ?`, uuid) === 0) throw absent(table, uuid)
}

const absent = (table: ResourceTable, uuid: string): Fault =>
  new Fault('not_found', `${table.title} ${uuid} could not be found.`)

function refuseDuplicates({ db }: StoreContext, table: ResourceTable, values: Bag, self: string | undefined): void {
  for (const { columns, text } of table.unique) {
    const wanted = columns.map((column) => values[column] as SQLInputValue)
    if (wanted.some((value) => value === null || value === undefined)) continue
    const match = columns.map((column) => `${quoted(column)} = ?`).join(' AND ')
    const other = db.get(`SELECT uuid FROM ${table.name} WHERE ${match}`, ...wanted)
    if (other && other['uuid'] !== self) throw new Fault('conflict', text(wanted.map(String)))
  }
}

function toColumns(
  { sealer }: StoreContext,
  table: ResourceTable,
  values: Bag,
  uuid: string,
): Map<string, SQLInputValue> {
  const columns = new Map<string, SQLInputValue>()
  for (const [name, kind] of table.kinds) {
    if (values[name] !== undefined) {
      columns.set(name, toColumn(values[name], kind, sealer, `${table.name}|${uuid}|${name}`))
    }
  }
  return columns
}

function fromRow<K extends ResourceKind>({ sealer }: StoreContext, kind: K, row: Row): ResourceRecords[K] {
  const { kinds, initial } = resourceTables[kind]
  const uuid = textOf(row, 'uuid')
  const values = [...kinds].map(([name, column]) => {
    const raw = row[name] ?? null
    // What is empty is not sealed.
    if (column === 'sealed' && raw === null) return [name, initial[name]]
    return [name, fromColumn(raw, column, sealer, `${kind}|${uuid}|${name}`)]
  })
  return Object.fromEntries(values) as ResourceRecords[K]
}

// `order` and `public` are words of SQL.
const quoted = (column: string): string => `"${column}"`
