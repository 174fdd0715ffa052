import { Fault } from '@ferrite/shared/fault'
import { mask, maskedText } from '@ferrite/shared/redact'

/**
 * `after`, with every masked value replaced by what `before` holds at the same place: a client that reads a node and
 * writes it back has seen only the mask. Fault invalid where nothing is stored that the mask could stand for.
 */
export function keepSecrets(before: unknown, after: unknown, where = ''): unknown {
  if (typeof after === 'string' && after.includes(mask)) {
    if (
      before !== undefined &&
      before !== null &&
      (after === mask || (typeof before === 'string' && maskedText(before) === after))
    )
      return before
    throw new Fault('invalid', `${where || 'the value'} holds the mask of a secret, but no such secret is stored there`)
  }
  if (Array.isArray(after)) {
    return after.map((item, index) => keepSecrets(member(before, index), item, `${where}/${index}`))
  }
  if (after === null || typeof after !== 'object') return after
  const kept = Object.create(null) as Record<string, unknown>
  for (const [key, value] of Object.entries(after))
    kept[key] = keepSecrets(member(before, key), value, `${where}/${key}`)
  return kept
}

const member = (value: unknown, key: string | number): unknown =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined
