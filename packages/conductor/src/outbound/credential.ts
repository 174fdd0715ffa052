import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'

type Applied = { headers: Record<string, string>; query: Record<string, string> }

/** `https://10.0.0.1:443/x` → `https://10.0.0.1`: scheme, host and port, as the URL standard folds them. */
export function originOf(url: string | URL): string {
  const parsed = typeof url === 'string' ? parse(url) : url
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new Fault('invalid', `only http and https can be called, not ${parsed.protocol}`)
  }
  return parsed.origin
}

function parse(url: string): URL {
  const parsed = URL.parse(url)
  if (!parsed) throw new Fault('invalid', `not a URL: ${url.slice(0, 200)}`)
  return parsed
}

/** A credential that belongs to one origin and cannot be applied to a request of another. */
export class BoundCredential {
  readonly origin: string
  readonly #apply: () => Applied

  private constructor(origin: string, apply: () => Applied) {
    this.origin = originOf(origin)
    this.#apply = apply
  }

  static basic(origin: string, user: string, password: Secret): BoundCredential {
    return new BoundCredential(origin, () => ({
      headers: { authorization: `Basic ${Buffer.from(`${user}:${password.reveal()}`, 'utf8').toString('base64')}` },
      query: {},
    }))
  }

  /** For example `x-auth-token`. */
  static header(origin: string, name: string, value: Secret): BoundCredential {
    return new BoundCredential(origin, () => ({ headers: { [name.toLowerCase()]: value.reveal() }, query: {} }))
  }

  /** For agents, whose token travels in the query. */
  static query(origin: string, name: string, value: Secret): BoundCredential {
    return new BoundCredential(origin, () => ({ headers: {}, query: { [name]: value.reveal() } }))
  }

  /** What to add to a request. Fault off_origin for any origin but its own. */
  appliedTo(origin: string): Applied {
    if (origin !== this.origin) {
      throw new Fault('off_origin', `a credential of ${this.origin} must not be sent to ${origin}`)
    }
    return this.#apply()
  }
}
