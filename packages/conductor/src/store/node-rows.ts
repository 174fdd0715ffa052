import type { SQLInputValue } from 'node:sqlite'
import { nodeFields } from '@ferrite/shared/contracts/nodes'
import type { AgentFacts, NodeInternal, NodeRecord } from '../core/node.ts'
import { textOf, type Row } from './database.ts'
import type { Sealer } from './seal.ts'
import { fromColumn, kindOf, toColumn, type ColumnKind } from './columns.ts'

const { driver_internal_info: _, ...stored } = nodeFields
/** Columns of a node with the way each is stored; what may hold secrets is sealed as a whole. */
const kinds = new Map<string, ColumnKind>(
  Object.entries(stored).map(([name, field]) => [
    name,
    name === 'driver_info' || name === 'instance_info' ? 'sealed' : kindOf(field.schema),
  ]),
)
const columnList = [...kinds]
export const nodeColumns = [...kinds.keys()]
/** Columns that lists may be sorted by: plain values only. */
export const sortableNodeColumns = new Set([
  'id',
  ...[...kinds].filter(([, kind]) => kind === 'text' || kind === 'bool').map(([name]) => name),
])

export function nodeFromRow(row: Row, sealer: Sealer): NodeRecord {
  const uuid = textOf(row, 'uuid')
  const view: Record<string, unknown> = {}
  for (const [name, kind] of columnList) {
    const place = kind === 'sealed' ? `nodes|${uuid}|${name}` : ''
    view[name] = fromColumn(row[name] ?? null, kind, sealer, place)
  }
  const internal = JSON.parse(textOf(row, 'internal')) as NodeInternal
  const token = row['agent_token']
  if (token instanceof Uint8Array && internal.agent)
    internal.agent.token = sealer.open(token, `nodes|${uuid}|agent_token`)
  return {
    ...(view as unknown as NodeRecord),
    id: Number(row['id']),
    internal,
    revision: Number(row['revision']),
    lock_epoch: Number(row['lock_epoch']),
    lock_until: (row['lock_until'] ?? null) as string | null,
    reservation_purpose: (row['reservation_purpose'] ?? null) as string | null,
  }
}

/** The columns that `changes` touch. The agent's token goes into a sealed column of its own. */
export function nodeToColumns(uuid: string, changes: Partial<NodeRecord>, sealer: Sealer): Map<string, SQLInputValue> {
  const columns = new Map<string, SQLInputValue>()
  for (const [name, value] of Object.entries(changes)) {
    const kind = kinds.get(name)
    if (kind && value !== undefined) columns.set(name, toColumn(value, kind, sealer, `nodes|${uuid}|${name}`))
  }
  if (changes.internal) {
    const { token, ...agent } = changes.internal.agent ?? ({} as Partial<AgentFacts>)
    const internal = changes.internal.agent ? { ...changes.internal, agent } : changes.internal
    columns.set('internal', JSON.stringify(internal))
    columns.set('agent_token', token === undefined ? null : sealer.seal(token, `nodes|${uuid}|agent_token`))
  }
  return columns
}
