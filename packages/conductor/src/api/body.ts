import { Fault } from '@ferrite/shared/fault'
import { z } from 'zod'

/** A request body that must be empty; `{}` and `null` count as empty, because clients send them. */
export const noBody = z.union([z.undefined(), z.null(), z.strictObject({})], {
  error: 'No body should be provided',
})

/** What a route that checks its body itself declares. */
export const anyBody = z.unknown()

/** Fault invalid in Ironic's words for unknown, missing and wrong parts. */
export function parseBody<B>(schema: z.ZodType<B>, body: unknown, name = 'body'): B {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw schemaFault(result.error, name)
}

export function schemaFault(error: z.ZodError, name: string): Fault {
  const [issue] = error.issues
  if (!issue) return new Fault('invalid', `Schema error for ${name}`)
  const where = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
    return new Fault('invalid', `Unexpected arguments: ${issue.keys.join(', ')}`)
  }
  if (issue.code === 'invalid_type' && issue.input === undefined && issue.path.length === 1) {
    return new Fault('missing_parameter', `Missing mandatory parameter: ${where}`)
  }
  return new Fault('invalid', `Schema error for ${name}: ${where ? `${where}: ` : ''}${issue.message}`)
}

const poison = new Set(['__proto__', 'constructor', 'prototype'])

/** The JSON document in `raw`. Nesting is counted before it is parsed; keys that could reach a prototype are refused. */
export function parseJson(raw: Buffer, depth: number): unknown {
  if (raw.length === 0) return undefined
  checkDepth(raw, depth)
  let document: unknown
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw))
  } catch (cause) {
    throw new Fault('invalid', 'The request body is not valid JSON', { cause })
  }
  checkKeys(document)
  return document
}

const quote = 0x22
const backslash = 0x5c

/** Fault invalid when arrays and objects are nested deeper than `limit`. One pass over the bytes, no recursion. */
export function checkDepth(raw: Uint8Array, limit: number): void {
  let depth = 0
  let inString = false
  for (let at = 0; at < raw.length; at += 1) {
    const byte = raw[at]
    if (inString) {
      if (byte === backslash) at += 1
      else if (byte === quote) inString = false
    } else if (byte === quote) inString = true
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1
      if (depth > limit) throw new Fault('invalid', `The request body is nested deeper than ${limit} levels`)
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1
  }
}

/** Depth is bounded by now, so this may recurse. */
function checkKeys(value: unknown): void {
  if (value === null || typeof value !== 'object') return
  for (const key of Object.keys(value)) {
    if (!Array.isArray(value) && poison.has(key)) {
      throw new Fault('invalid', `The request body uses "${key}" as a key, which is not allowed`)
    }
    checkKeys((value as Record<string, unknown>)[key])
  }
}
