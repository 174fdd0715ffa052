import type { SQLInputValue } from 'node:sqlite'
import { Fault } from '@ferrite/shared/fault'
import type { Database } from './database.ts'
import type { NodeFilter, Page } from './store.ts'

export type Where = { sql: string[]; values: SQLInputValue[] }

const equalColumns = [
  'name',
  'instance_uuid',
  'chassis_uuid',
  'provision_state',
  'driver',
  'resource_class',
  'fault',
  'conductor_group',
  'conductor',
  'owner',
  'lessee',
  'parent_node',
  'instance_name',
] as const
const boolColumns = ['maintenance', 'retired'] as const

export function filterSql(filter: NodeFilter): Where {
  const where: Where = { sql: [], values: [] }
  const add = (sql: string, ...values: SQLInputValue[]) => {
    where.sql.push(sql)
    where.values.push(...values)
  }
  for (const column of equalColumns) {
    const value = filter[column]
    if (value !== undefined) add(`${column} = ?`, value)
  }
  for (const column of boolColumns) {
    const value = filter[column]
    if (value !== undefined) add(`${column} = ?`, value ? 1 : 0)
  }
  if (filter.associated !== undefined) add(`instance_uuid IS ${filter.associated ? 'NOT ' : ''}NULL`)
  if (filter.sharded !== undefined) add(`shard IS ${filter.sharded ? 'NOT ' : ''}NULL`)
  if (filter.include_children === false && filter.parent_node === undefined) add('parent_node IS NULL')
  for (const project of [filter.project, filter.visible_to]) {
    if (project !== undefined) add('(owner = ? OR lessee = ?)', project, project)
  }
  if (filter.description_contains !== undefined)
    add("description LIKE ? ESCAPE '\\'", contains(filter.description_contains))
  addList(add, 'uuid', filter.uuid)
  addList(add, 'shard', filter.shard)
  addList(add, 'provision_state', filter.in_states)
  return where
}

export const contains = (text: string): string => `%${text.replace(/[\\%_]/g, (c) => `\\${c}`)}%`

// One statement whatever the list's length: the values travel as one JSON text.
export function addList(
  add: (sql: string, ...values: SQLInputValue[]) => void,
  column: string,
  list: string[] | undefined,
): void {
  if (list) add(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(list))
}

/** A page of a table after `marker`, in a stable order: the sort column, then the row number. Nulls come first ascending. */
export function pageSql(
  db: Database,
  table: string,
  where: Where,
  page: Page,
  sortable: ReadonlySet<string>,
  title = singular(table),
): { sql: string; values: SQLInputValue[] } {
  const key = page.sort_key ?? 'id'
  if (!sortable.has(key)) throw new Fault('invalid', `The sort_key value "${key}" is an invalid field for sorting`)
  const direction = page.sort_dir === 'desc' ? 'DESC' : 'ASC'
  const conditions = [...where.sql]
  const values = [...where.values]
  if (page.marker !== undefined) {
    const marker = db.get(`SELECT id, ${key} AS key FROM ${table} WHERE uuid = ?`, page.marker)
    if (!marker) throw new Fault('not_found', `${title} ${page.marker} could not be found.`)
    const after = direction === 'ASC' ? '>' : '<'
    // Row values compare null as unknown, so null is folded to the empty text, which sorts first as null does.
    if (key === 'id') {
      conditions.push(`id ${after} ?`)
      values.push(marker['id'] ?? null)
    } else {
      conditions.push(`(ifnull(${key}, ''), id) ${after} (ifnull(?, ''), ?)`)
      values.push(marker['key'] ?? null, marker['id'] ?? null)
    }
  }
  const filter = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''
  const limit = page.limit === undefined ? '' : ' LIMIT ?'
  if (page.limit !== undefined) values.push(page.limit)
  // By row number the index has the order already; anything else is sorted.
  const order = key === 'id' ? `id ${direction}` : `ifnull(${key}, '') ${direction}, id ${direction}`
  return { sql: `SELECT * FROM ${table}${filter} ORDER BY ${order}${limit}`, values }
}

const singular = (table: string): string => table.charAt(0).toUpperCase() + table.slice(1, -1)
