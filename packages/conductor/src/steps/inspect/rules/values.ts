import { isBag, type Bag } from '../inspection.ts'

export type Scope = Readonly<Record<string, unknown>>

/**
 * Values with each `{inventory[cpu][count]}` or `{node.uuid}` in the place of what it stands for. What stands for nothing
 * stays as it is written; `emptyIfMissing` makes it null.
 */
export function filledIn(value: unknown, scope: Scope, emptyIfMissing = false): unknown {
  const fill = (one: unknown): unknown => filledIn(one, scope, emptyIfMissing)
  if (typeof value === 'string') return filledText(value, scope, emptyIfMissing)
  if (Array.isArray(value)) return value.map(fill)
  if (isBag(value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one)]))
  return value
}

const reference = /\{([a-z_][\w]*(?:\.[\w-]+|\[[^\][{}]*\])*)\}/gi
const missing = Symbol('missing')

/** A text that is one reference keeps the type of what it refers to. */
function filledText(text: string, scope: Scope, emptyIfMissing: boolean): unknown {
  const whole = text.match(reference)
  if (whole?.length === 1 && whole[0] === text) {
    const found = resolved(text.slice(1, -1), scope)
    return found === missing ? (emptyIfMissing ? null : text) : found
  }
  return text.replaceAll(reference, (written, path: string) => {
    const found = resolved(path, scope)
    if (found === missing) return written
    return typeof found === 'string' ? found : JSON.stringify(found ?? null)
  })
}

function resolved(path: string, scope: Scope): unknown {
  const keys = [...path.matchAll(/\[([^\][]*)\]|[\w-]+/g)].map(
    ([whole, inner]) => inner?.replaceAll(/^['"]|['"]$/g, '') ?? whole,
  )
  let at: unknown = scope
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return missing
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
