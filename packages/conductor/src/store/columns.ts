import type { SQLInputValue } from 'node:sqlite'
import type { z } from 'zod'
import type { Sealer } from './seal.ts'

/** How a value lies in its column. */
export type ColumnKind = 'text' | 'bool' | 'json' | 'sealed'

/** Found out by asking the schema, so that a field's type is declared once. */
export function kindOf(schema: z.ZodType): ColumnKind {
  if (schema.safeParse(true).success) return 'bool'
  if (schema.safeParse({}).success || schema.safeParse([]).success) return 'json'
  return 'text'
}

export function toColumn(value: unknown, kind: ColumnKind, sealer: Sealer, place: string): SQLInputValue {
  if (value === null || value === undefined) return null
  if (kind === 'bool') return value ? 1 : 0
  if (kind === 'json') return JSON.stringify(value)
  if (kind === 'sealed') return Object.keys(value).length === 0 ? null : sealer.seal(JSON.stringify(value), place)
  return value as SQLInputValue
}

export function fromColumn(value: SQLInputValue, kind: ColumnKind, sealer: Sealer, place: string): unknown {
  if (kind === 'sealed') return value instanceof Uint8Array ? JSON.parse(sealer.open(value, place)) : {}
  if (value === null) return null
  if (kind === 'bool') return value === 1
  if (kind === 'json') return typeof value === 'string' ? parsed(value) : null
  return value
}

// Most columns of most rows are empty, and lists have thousands of them.
function parsed(text: string): unknown {
  if (text === '{}') return {}
  return text === '[]' ? [] : JSON.parse(text)
}
