import { randomUUID } from 'node:crypto'
import { timestamp } from '../core/clock.ts'
import type { NodeRecord } from '../core/node.ts'
import type { Row } from './database.ts'
import type { StoreContext } from './context.ts'
import { pageSql } from './query.ts'
import type { HistoryEntry, NewHistory, Page } from './store.ts'

export function storeHistory(context: StoreContext, node: NodeRecord, entries: readonly NewHistory[]): void {
  for (const entry of entries) {
    context.db.run(
      `INSERT INTO history (uuid, node_uuid, created_at, severity, event_type, event, conductor, user, project, state,
         target_provision_state, duration_seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      entry.uuid ?? randomUUID(),
      node.uuid,
      entry.created_at ?? timestamp(context.clock.now()),
      entry.severity,
      entry.event_type,
      entry.event,
      entry.conductor ?? context.host,
      entry.user ?? null,
      entry.project ?? null,
      entry.state ?? node.provision_state,
      entry.target_provision_state ?? node.target_provision_state,
      entry.duration_seconds ?? null,
    )
  }
}

export function listHistory({ db }: StoreContext, node_uuid: string, page: Page): HistoryEntry[] {
  const where = { sql: ['node_uuid = ?'], values: [node_uuid] }
  const { sql, values } = pageSql(db, 'history', where, page, new Set(['id', 'created_at', 'severity', 'event_type']))
  return db.all(sql, ...values).map(toEntry)
}

export function historyEntry({ db }: StoreContext, node_uuid: string, uuid: string): HistoryEntry | undefined {
  const row = db.get('SELECT * FROM history WHERE node_uuid = ? AND uuid = ?', node_uuid, uuid)
  return row && toEntry(row)
}

function toEntry(row: Row): HistoryEntry {
  const { id: _id, ...entry } = row
  return entry as unknown as HistoryEntry
}
