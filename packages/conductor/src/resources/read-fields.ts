import type { ResourceField, ResourceFields } from '@ferrite/shared/contracts/resource-fields'
import { Fault } from '@ferrite/shared/fault'
import { issueText } from '../nodes/issue-text.ts'
import { applyPatch, checkRoots, readPatch, rootOf } from '../nodes/json-patch.ts'
import { keepSecrets } from '../nodes/keep-secrets.ts'

type Bag = Record<string, unknown>
/** What fields there are, and what error texts call the thing. */
export type Described = { noun: string; fields: ResourceFields }

export const tooNew = (since: number): Fault =>
  new Fault('not_acceptable', `Request not acceptable. The minimal required API version should be 1.${since}`)

/** The fields of a new resource as they are stored. Faults for unknown, missing, wrong and too new ones. */
export function readNew({ noun, fields }: Described, body: unknown, microversion: number): Bag {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new Fault('invalid', `Schema error for ${noun}: the body must be an object`)
  }
  const read: Bag = {}
  for (const [name, value] of Object.entries(body)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (!field?.create) {
      const what = `Additional properties are not allowed ('${name.slice(0, 64)}' was unexpected)`
      throw new Fault('invalid', `Schema error for ${noun}: ${what}`)
    }
    if (value !== null && microversion < field.since) throw tooNew(field.since)
    if (name === 'uuid' && value === null) continue
    read[name] = keepSecrets(field.initial, readField(noun, name, field, value), `/${name}`)
  }
  const missing = Object.entries(fields).find(([name, field]) => field.required && read[name] === undefined)
  if (missing) throw new Fault('missing_parameter', `Missing mandatory parameter: ${missing[0]}`)
  return read
}

/** What a JSON patch changes of a record; nothing when it changes nothing. */
export function readChanges(
  { noun, fields }: Described,
  record: Readonly<Bag>,
  body: unknown,
  microversion: number,
): Bag {
  const names = Object.keys(fields).filter((name) => fields[name]?.patch)
  const patch = readPatch(body, microversion)
  checkRoots(patch, names)
  for (const operation of patch) {
    const since = fields[rootOf(operation)]?.since ?? 1
    if (microversion < since) throw tooNew(since)
    if (operation.op === 'remove' && fields[rootOf(operation)]?.required && operation.path.lastIndexOf('/') === 0) {
      throw new Fault('invalid', `'${rootOf(operation)}' is a mandatory attribute and can not be removed`)
    }
  }
  const before = Object.fromEntries(names.map((name) => [name, record[name]]))
  const initial = Object.fromEntries(names.map((name) => [name, fields[name]?.initial]))
  const after = applyPatch(before, patch, initial)
  const set: Bag = {}
  for (const name of new Set(patch.map(rootOf))) {
    const field = fields[name]
    if (!field) continue
    const value = readField(noun, name, field, keepSecrets(before[name], after[name], `/${name}`))
    if (JSON.stringify(value) !== JSON.stringify(before[name])) set[name] = value
  }
  return set
}

const yes = new Set(['1', 't', 'true', 'on', 'y', 'yes'])
const no = new Set(['0', 'f', 'false', 'off', 'n', 'no'])

/** Null becomes what an unset field holds; "True" becomes a boolean, because clients send texts. */
function readField(noun: string, name: string, field: ResourceField, given: unknown): unknown {
  const value = given ?? (field.required ? given : field.initial)
  const flag = typeof field.initial === 'boolean' && typeof value === 'string' ? value.trim().toLowerCase() : undefined
  const coerced = flag === undefined ? value : yes.has(flag) ? true : no.has(flag) ? false : value
  const result = field.schema.safeParse(coerced)
  if (!result.success) {
    const [issue] = result.error.issues
    const where = [name, ...(issue?.path ?? [])].map(String).join('.')
    const text = issueText(name, coerced, issue)
    throw new Fault('invalid', text.startsWith('Expected a MAC') ? text : `Schema error for ${noun}: ${where}: ${text}`)
  }
  const { data } = result
  return typeof data === 'string' && (name === 'uuid' || name.endsWith('_uuid')) ? data.toLowerCase() : data
}
