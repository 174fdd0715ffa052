import { Fault } from '@ferrite/shared/fault'
import { z } from 'zod'
import { tooNew } from './versions.ts'

/** One query argument: its type, read from text, and the microversion that knows it. */
export type QueryParam<T = unknown> = { since: number; schema: z.ZodType<T, string>; older?: (value: string) => Fault }
export type QueryTable = Readonly<Record<string, QueryParam>>
export type QueryOf<Q extends QueryTable> = { [K in keyof Q]?: z.infer<Q[K]['schema']> }

/** Fault invalid for arguments that are not in the table, not_acceptable for those newer than the request's version. */
export function parseQuery<Q extends QueryTable>(table: Q, raw: unknown, microversion: number): QueryOf<Q> {
  const given = Object.entries(raw as Record<string, string | string[]>)
  const unknown = given.map(([name]) => name).filter((name) => !Object.hasOwn(table, name))
  if (unknown.length > 0) throw new Fault('invalid', `Unexpected arguments: ${unknown.join(', ')}`)
  const parsed: Record<string, unknown> = {}
  for (const [name, value] of given) {
    const param = table[name]
    if (!param) continue
    const text = Array.isArray(value) ? value.join(',') : value
    if (microversion < param.since) throw param.older?.(text) ?? tooNew(param.since)
    parsed[name] = readParam(name, param, text)
  }
  return parsed as QueryOf<Q>
}

function readParam(name: string, param: QueryParam, text: string): unknown {
  const result = param.schema.safeParse(text)
  if (result.success) return result.data
  throw new Fault('invalid', result.error.issues[0]?.message ?? `Invalid value for ${name}`)
}

const yes = new Set(['1', 't', 'true', 'on', 'y', 'yes'])
const no = new Set(['0', 'f', 'false', 'off', 'n', 'no'])

/** The spellings of true and false that OpenStack's services take; undefined for anything else. */
export function booleanFrom(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = String(value).trim().toLowerCase()
  if (yes.has(text)) return true
  return no.has(text) ? false : undefined
}

export const text = z.string().max(4096)
export const boolean = z.string().transform((value, context) => {
  const read = booleanFrom(value)
  if (read !== undefined) return read
  context.addIssue(`Expected a boolean but received ${value.slice(0, 64)}: use true or false`)
  return z.NEVER
})
export const list = z
  .string()
  .max(16_384)
  .transform((value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  )
export const uuid = z
  .string()
  .transform((value) => value.toLowerCase())
  .refine((value) => z.guid().safeParse(value).success, {
    error: (issue) => `Expected a uuid but received ${String(issue.input).slice(0, 64)}.`,
  })

const max_limit = 1000
const limit = z.string().transform((value, context) => {
  if (!/^-?\d{1,12}$/.test(value)) {
    context.addIssue(`Expected an integer but received ${value.slice(0, 32)} as limit`)
    return z.NEVER
  }
  if (Number(value) <= 0) {
    context.addIssue('Limit must be positive')
    return z.NEVER
  }
  return Math.min(Number(value), max_limit)
})
const sortDir = z.enum(['asc', 'desc'], {
  error: (issue) =>
    `Invalid sort direction: ${String(issue.input).slice(0, 32)}. Acceptable values are 'asc' or 'desc'`,
})

/** Arguments of every list. */
export const pageParams = {
  limit: { since: 1, schema: limit },
  marker: { since: 1, schema: uuid },
  sort_key: { since: 1, schema: text },
  sort_dir: { since: 1, schema: sortDir },
} as const satisfies QueryTable
export const fieldsParam = { fields: { since: 8, schema: list } } as const satisfies QueryTable
export const detailParam = {
  detail: {
    since: 43,
    schema: boolean,
    older: (value: string) => new Fault('invalid', `Invalid query parameter ?detail=${value.slice(0, 16)} received.`),
  },
} as const satisfies QueryTable
export const defaultLimit = max_limit
