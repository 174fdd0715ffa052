import { textOf } from './database.ts'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import type { NodeRecord } from '../core/node.ts'
import type { StoreContext } from './context.ts'
import type { NewEvent } from './store.ts'

/** Writes a transaction's events; they are told to listeners once it has been committed. */
export function storeEvents(
  context: StoreContext,
  node: Pick<NodeRecord, 'uuid' | 'name'>,
  events: readonly NewEvent[],
): void {
  const at = context.clock.now().toISOString()
  for (const event of events) {
    const body = { ...event, at, node_uuid: node.uuid, node_name: node.name }
    context.db.run('INSERT INTO events (at, node_uuid, body) VALUES (?, ?, ?)', at, node.uuid, JSON.stringify(body))
    context.stored.push({ ...body, id: context.db.lastId() })
  }
}

export function eventsAfter({ db }: StoreContext, id: number, limit: number): FerriteEvent[] {
  return db
    .all('SELECT id, body FROM events WHERE id > ? ORDER BY id LIMIT ?', id, limit)
    .map((row) => ({ ...(JSON.parse(textOf(row, 'body')) as FerriteEvent), id: Number(row['id']) }))
}

export const lastEventId = ({ db }: StoreContext): number =>
  Number(db.get('SELECT max(id) AS id FROM events')?.['id'] ?? 0)
