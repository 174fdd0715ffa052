/** What a hidden value looks like on the wire (Ironic's own mask). */
export const mask = '******'

// Ironic's sanitize keys (oslo.utils strutils) with those this product adds; a key that contains one is secret.
const secretWords = [
  'adminpass',
  'admin_pass',
  'password',
  'auth_token',
  'new_pass',
  'secret',
  'sys_pswd',
  'token',
  'configdrive',
  'chappassword',
  'encrypted_key',
  'private_key',
  'fernetkey',
  'sslkey',
  'passphrase',
  'authorization',
  'credential',
  'snmp_auth_key',
  'snmp_priv_key',
  'ipmi_hex_kg_key',
]

export const isSecretKey = (key: string): boolean => {
  const lower = key.toLowerCase()
  return secretWords.some((word) => lower.includes(word))
}

/** A copy in which every value under a secret-looking key, at any depth, is the mask; nulls and empty values stay. */
export function masked<T>(value: T, also: ReadonlySet<string> = new Set()): T {
  return walk(value, also, 0) as T
}

function walk(value: unknown, also: ReadonlySet<string>, depth: number): unknown {
  if (depth > 32) return mask
  if (Array.isArray(value)) return value.map((item) => walk(item, also, depth + 1))
  if (typeof value === 'string') return maskedText(value)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      isSecretKey(key) || also.has(key)
        ? inner === null || typeof inner === 'boolean'
          ? inner
          : mask
        : walk(inner, also, depth + 1),
    ]),
  )
}

/** Hides `password=…`, `agent_token=…` and the user part of URLs inside free text. */
export function maskedText(text: string): string {
  return text
    .replace(/((?:password|passwd|secret|token|authorization)["']?\s*[=:]\s*["']?)[^\s&"',;]+/gi, `$1${mask}`)
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, `$1${mask}@`)
}
