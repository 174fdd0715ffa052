import { Fault } from '@ferrite/shared/fault'
import { nextLink } from './links.ts'
import { defaultLimit } from './query.ts'
import type { Page } from '../store/store.ts'

type ListQuery = { limit?: number; marker?: string; sort_key?: string; sort_dir?: 'asc' | 'desc' }

/** The page that a list's arguments ask for: at most 1000 rows. */
export const pageOf = (query: ListQuery): Page & { limit: number } => ({
  limit: query.limit ?? defaultLimit,
  ...(query.marker === undefined ? {} : { marker: query.marker }),
  ...(query.sort_key === undefined ? {} : { sort_key: query.sort_key }),
  ...(query.sort_dir === undefined ? {} : { sort_dir: query.sort_dir }),
})

/** Which fields a list shows: those asked for, all with `detail`, else the short form. Fault invalid for both at once. */
export function shownFields(
  query: { fields?: string[]; detail?: boolean },
  short: readonly string[],
): readonly string[] | undefined {
  if (query.fields && query.detail) {
    throw new Fault('invalid', "Can't fetch a subset of fields with 'detail' set")
  }
  if (query.detail) return undefined
  return query.fields ?? short
}

/** A page of a collection in Ironic's form, with the link to the next one when it is full. */
export function collection<T>(
  name: string,
  items: readonly T[],
  render: (item: T) => Record<string, unknown>,
  page: { base: string; resource: string; limit: number; query: Readonly<Record<string, unknown>> },
  identOf: (item: T) => string,
): Record<string, unknown> {
  const last = items.at(-1)
  const facts = { ...page, count: items.length, last: last === undefined ? undefined : identOf(last) }
  return { [name]: items.map(render), ...nextLink(facts, page.query) }
}
