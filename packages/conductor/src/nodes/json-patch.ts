import { Fault } from '@ferrite/shared/fault'
import { jsonPatch, type JsonPatch } from '@ferrite/shared/contracts/nodes'
import { inWords } from '@ferrite/shared/in-words'

export type PatchOperation = JsonPatch[number]
type Json = Record<string, unknown> | unknown[]

const plainPath = /^(\/[\p{L}\p{N}_-]+)+$/u
const escapedPath = /^(\/([\p{L}\p{N}_-]|~[01])+)+$/u
const poison = new Set(['__proto__', 'constructor', 'prototype'])
const maxDepth = 25

/** The operations of an RFC 6902 document as Ironic takes it: add, replace, remove, and nothing beside `op`, `path`, `value`. */
export function readPatch(body: unknown, microversion: number): JsonPatch {
  const result = jsonPatch.safeParse(body)
  if (!result.success) {
    const [issue] = result.error.issues
    throw new Fault('invalid', `Schema error for patch: ${wording(body, issue?.path ?? [], issue?.message)}`)
  }
  const pattern = microversion >= 98 ? escapedPath : plainPath
  for (const operation of result.data) {
    if (!pattern.test(operation.path)) {
      throw new Fault('invalid', `Schema error for patch: '${operation.path}' does not match '${pattern.source}'`)
    }
    if (operation.op !== 'remove' && !('value' in operation)) {
      throw new Fault('invalid', `Schema error for patch: 'value' is a required property of ${operation.op}`)
    }
  }
  return result.data
}

function wording(body: unknown, path: readonly PropertyKey[], message = 'it is no list of operations'): string {
  const [index, key] = path
  if (key !== 'op' || typeof index !== 'number' || !Array.isArray(body)) return message
  const op: unknown = (body as Record<string, unknown>[])[index]?.['op']
  return `'${inWords(op, 32)}' is not one of ['add', 'replace', 'remove']`
}

export const rootOf = (operation: PatchOperation): string => segments(operation.path)[0] ?? ''

/** Fault invalid unless every operation is below an allowed field. */
export function checkRoots(patch: JsonPatch, allowed: readonly string[]): void {
  for (const operation of patch) {
    if (allowed.includes(rootOf(operation))) continue
    const shown = `/${segments(operation.path).join('/')}`
    throw new Fault(
      'invalid',
      `Cannot patch ${shown}. Only the following can be updated: ${allowed.toSorted().join(', ')}`,
    )
  }
}

/**
 * A patched copy of `document`, all operations or none. `document` must hold every field that a patch may name;
 * removing one of them sets it to its value in `initial`.
 */
export function applyPatch<T extends Record<string, unknown>>(
  document: T,
  patch: JsonPatch,
  initial: Readonly<Record<string, unknown>>,
): T {
  const copy = bare(document) as Record<string, unknown>
  for (const operation of patch) {
    const path = segments(operation.path)
    const [root = ''] = path
    if (path.some((segment) => poison.has(segment)))
      throw refused(operation, 'the path uses a name that is not allowed')
    if (path.length === 1) copy[root] = operation.op === 'remove' ? bare(initial[root]) : bare(operation.value)
    else applyBelow(copy, path, operation)
  }
  for (const [field, value] of Object.entries(copy)) {
    if (deeperThan(value, maxDepth))
      throw new Fault('invalid', `${field} would be nested deeper than ${maxDepth} levels`)
  }
  return copy as T
}

function applyBelow(root: Record<string, unknown>, path: readonly string[], operation: PatchOperation): void {
  let at: Json = root
  for (const segment of path.slice(0, -1)) {
    const inner = at[keyIn(at, segment) as keyof Json]
    if (inner === null || typeof inner !== 'object') throw refused(operation, `member '${segment}' not found`)
    at = inner as Json
  }
  const last = path.at(-1) ?? ''
  if (Array.isArray(at)) applyToList(at, last, operation)
  else applyToObject(at, last, operation)
}

function applyToObject(at: Record<string, unknown>, key: string, operation: PatchOperation): void {
  const { op } = operation
  if (op !== 'add' && !Object.hasOwn(at, key)) {
    throw refused(operation, `can't ${op} a non-existent object '${key}'`)
  }
  if (op === 'remove') delete at[key]
  else at[key] = bare(operation.value)
}

function applyToList(at: unknown[], key: string, operation: PatchOperation): void {
  const { op } = operation
  const end = op === 'add' ? at.length : at.length - 1
  const index = key === '-' && op === 'add' ? at.length : /^(0|[1-9]\d{0,8})$/.test(key) ? Number(key) : -1
  if (index < 0 || index > end) throw refused(operation, `can't ${op} outside of list at '${key}'`)
  if (op === 'remove') at.splice(index, 1)
  else at.splice(index, op === 'add' ? 0 : 1, bare(operation.value))
}

const keyIn = (at: Json, segment: string): string | number =>
  Array.isArray(at) ? (/^\d{1,9}$/.test(segment) ? Number(segment) : -1) : segment

const segments = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))

const refused = ({ op, path }: PatchOperation, reason: string): Fault =>
  new Fault('invalid', `Couldn't apply patch '[{'op': '${op}', 'path': '${path}'}]'. Reason: ${reason}`)

/** A deep copy whose objects have no prototype, so that no key can be inherited or reach one. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare)
  if (value === null || typeof value !== 'object') return value
  const copy = Object.create(null) as Record<string, unknown>
  for (const [key, inner] of Object.entries(value)) copy[key] = bare(inner)
  return copy
}

function deeperThan(value: unknown, limit: number): boolean {
  if (value === null || typeof value !== 'object') return false
  return limit === 0 || Object.values(value).some((inner) => deeperThan(inner, limit - 1))
}
