import type { ResourceFields } from '@ferrite/shared/contracts/resource-fields'
import { Fault } from '@ferrite/shared/fault'
import { masked, maskedText } from '@ferrite/shared/redact'
import { links } from './links.ts'
import { tooNew } from './versions.ts'
import type { View } from './views.ts'

type Bag = Readonly<Record<string, unknown>>
/** How a resource is shown: its path below /v1, its fields, and links to what it has. */
export type Shown = { path: string; fields: ResourceFields; parts?: Readonly<Record<string, number>> }

/** The one way in which a resource leaves: what the version knows, what was asked for, secrets masked. */
export function resourceView({ path, fields, parts = {} }: Shown, record: Bag, view: View): Record<string, unknown> {
  const wanted = view.fields && new Set(view.fields)
  const shows = (name: string, since: number) => view.microversion >= since && (!wanted || wanted.has(name))
  const shown: Record<string, unknown> = {}
  for (const [name, { since }] of Object.entries(fields)) {
    if (!shows(name, since)) continue
    const value = record[name]
    shown[name] = name === 'last_error' && typeof value === 'string' ? maskedText(value) : masked(value)
  }
  const uuid = String(record['uuid'])
  for (const [name, since] of Object.entries(parts)) {
    if (shows(name, since)) shown[name] = links(view.base, path, `${uuid}/${name}`)
  }
  return { ...shown, links: links(view.base, path, uuid) }
}

/** Fault invalid for a field that is none, not_acceptable for one that is newer than the request. */
export function checkResourceFields(
  { fields, parts = {} }: Shown,
  asked: readonly string[] | undefined,
  microversion: number,
): void {
  for (const name of asked ?? []) {
    const since = sinceOf(fields, name) ?? (Object.hasOwn(parts, name) ? parts[name] : name === 'links' ? 1 : undefined)
    if (since === undefined) throw new Fault('invalid', `Field ${name.slice(0, 64)} is not a valid field.`)
    if (microversion < since) throw tooNew(since)
  }
}

export function checkResourceSort({ fields }: Shown, key: string | undefined, microversion: number): void {
  if (key === undefined || key === 'id') return
  const since = sinceOf(fields, key)
  if (since === undefined) {
    throw new Fault('invalid', `The sort_key value ${key.slice(0, 64)} is an invalid field for sorting`)
  }
  if (microversion < since) throw tooNew(since)
}

const sinceOf = (fields: ResourceFields, name: string): number | undefined =>
  Object.hasOwn(fields, name) ? fields[name]?.since : undefined
