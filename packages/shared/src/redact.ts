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
  'snmp_community',
  'api_key',
  'apikey',
  'ssh_key',
]

// Keys repeat by the thousand in lists; the memory of them is bounded.
const judged = new Map<string, boolean>()
const mostJudged = 5000

export const isSecretKey = (key: string): boolean => {
  const known = judged.get(key)
  if (known !== undefined) return known
  const lower = key.toLowerCase()
  const secret = secretWords.some((word) => lower.includes(word))
  if (judged.size >= mostJudged) judged.clear()
  if (key.length <= 64) judged.set(key, secret)
  return secret
}

/** A copy in which every value under a secret-looking key, at any depth, is the mask; nulls and empty values stay. */
export function masked<T>(value: T, also: ReadonlySet<string> = new Set()): T {
  return walk(value, { also, text: maskedText }, 0) as T
}

/** The same for a machine that is to fetch what URLs name: they keep their signatures. */
export function maskedButUrls<T>(value: T): T {
  return walk(
    value,
    { also: new Set(), text: (text) => text.replace(named, hidden).replace(userinfo, hiddenUser) },
    0,
  ) as T
}

type Rules = { also: ReadonlySet<string>; text: (text: string) => string }

function walk(value: unknown, rules: Rules, depth: number): unknown {
  if (depth > 32) return mask
  if (Array.isArray(value)) return value.map((item) => walk(item, rules, depth + 1))
  if (typeof value === 'string') return rules.text(value)
  if (value === null || typeof value !== 'object') return value
  const shown: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key]
    const isHidden = (isSecretKey(key) || rules.also.has(key)) && inner !== null && typeof inner !== 'boolean'
    put(shown, key, isHidden ? mask : walk(inner, rules, depth + 1))
  }
  return shown
}

// As Object.fromEntries does: a key named __proto__ is a key like any other.
function put(bag: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(bag, key, { value, enumerable: true, configurable: true, writable: true })
  else bag[key] = value
}

// What opens something to whoever has it: `password=…`, the signature of a signed URL, the user part of a URL.
const named =
  /((?:password|passwd|secret|token|authorization)["']?\s*[=:]\s*["']?(?:(?:basic|bearer)\s+)?)[^\s&"',;]+/gi
const signed = /([?&](?:[\w.-]*(?:sig|signature|hmac|api[_-]?key|access[_-]?key))=)[^\s&"',;#]+/gi
// No scheme is long; without a bound every letter of a long text would be looked at from every other.
const userinfo = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^/\s@]+@/gi
const hidden = `$1${mask}`
const hiddenUser = `$1${mask}@`

/** Hides `password=…`, `agent_token=…`, the signature of a signed URL and the user part of URLs inside free text. */
export function maskedText(text: string): string {
  // No pattern can match without one of these.
  if (!text.includes('=') && !text.includes(':')) return text
  return text.replace(named, hidden).replace(signed, hidden).replace(userinfo, hiddenUser)
}

/**
 * A line of a log, one JSON document, as `masked` shows it. Whoever logs does not hand over secrets; what peers say in
 * their errors, a URL with its signature for one, is only found here.
 */
export function maskedLine(line: string): string {
  if (maskedText(line) === line) return line
  try {
    return `${JSON.stringify(masked(JSON.parse(line)))}\n`
  } catch {
    return maskedText(line)
  }
}
