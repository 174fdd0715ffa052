import { Fault } from '@ferrite/shared/fault'
import { isBag, type Bag } from '../inspection.ts'

export type Scope = Readonly<Record<string, unknown>>

/** Values with each `{inventory[cpu][count]}` or `{node.uuid}` in the place of what it stands for. */
export function filledIn(value: unknown, scope: Scope): unknown {
  if (typeof value === 'string') return filledText(value, scope)
  if (Array.isArray(value)) return value.map((one) => filledIn(one, scope))
  if (isBag(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filledIn(one, scope)]))
  return value
}

const reference = /\{([a-z_][\w]*(?:\.[\w-]+|\[[^\][{}]*\])*)\}/gi

/** A text that is one reference keeps the type of what it refers to. */
function filledText(text: string, scope: Scope): unknown {
  const whole = text.match(reference)
  if (whole?.length === 1 && whole[0] === text) return resolved(text.slice(1, -1), scope)
  return text.replaceAll(reference, (_, path: string) => {
    const found = resolved(path, scope)
    return typeof found === 'string' ? found : JSON.stringify(found ?? null)
  })
}

function resolved(path: string, scope: Scope): unknown {
  const keys = [...path.matchAll(/[\w-]+(?=[.[]|$)|\[([^\][]*)\]|[\w-]+/g)].map(
    ([whole, inner]) => inner?.replaceAll(/^['"]|['"]$/g, '') ?? whole,
  )
  let at: unknown = scope
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) {
      throw new Fault('not_found', `{${path}} stands for nothing in this inspection`)
    }
    at = (at as Bag)[key]
  }
  return at
}

/** Arguments by name; a list gives them in order. */
export const named = (names: readonly string[], given: unknown): Bag =>
  Array.isArray(given)
    ? Object.fromEntries(given.map((value, at) => [names[at] ?? String(at), value]))
    : isBag(given)
      ? given
      : {}
