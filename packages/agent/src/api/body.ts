import { Fault, explain } from '@ferrite/shared/fault'

const maxBytes = 8 * 1024 * 1024
const maxDepth = 50

/** The body of a command, whatever content type it claims. Fault invalid, or too_large: config drives do not count. */
export function commandBody(body: unknown): { name: string; params: Record<string, unknown> } {
  const text = body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString() : ''
  const parsed = parse(text)
  if (
    !isObject(parsed) ||
    typeof parsed['name'] !== 'string' ||
    !isObject(parsed['params']) ||
    Array.isArray(parsed['params'])
  ) {
    throw new Fault('invalid', '400 Bad Request: Missing or invalid name or params')
  }
  const drives = configDriveBytes(parsed['params'], 0)
  if (text.length - drives > maxBytes) {
    throw new Fault('too_large', `413 Request Entity Too Large: more than ${maxBytes} bytes beside the config drive`)
  }
  return { name: parsed['name'], params: parsed['params'] }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Fault('invalid', `400 Bad Request: Failed to decode JSON object: ${explain(error)}`)
  }
}

function configDriveBytes(value: unknown, depth: number): number {
  if (depth > maxDepth) throw new Fault('invalid', '400 Bad Request: the parameters are nested too deeply')
  if (!isObject(value)) return 0
  let bytes = 0
  for (const [key, inner] of Object.entries(value)) {
    bytes += key === 'configdrive' && typeof inner === 'string' ? inner.length : configDriveBytes(inner, depth + 1)
  }
  return bytes
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
