import { Fault } from '@ferrite/shared/fault'
import type { ApiContext } from '../route.ts'
import { openFailures, type Failures } from './failures.ts'
import { openHtpasswd } from './htpasswd.ts'
import { openKeystone } from './keystone.ts'
import { unauthenticated, type Principal } from './principal.ts'
import { openTokens } from './tokens.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** One way of showing who one is. Undefined: this is no credential of mine. Null: it is, and it is wrong. */
export type Method = {
  challenge: string
  principalOf(headers: Headers): Promise<Principal | null | undefined>
  close?(): Promise<void>
}

export interface Authenticator {
  /** Value of WWW-Authenticate, for whom it cannot let in. */
  readonly challenge: string
  /** Fault unauthorized, too_many_requests after failures, busy when passwords cannot be checked now. */
  principalOf(headers: Headers, source: string): Promise<Principal>
  close(): Promise<void>
}

/** The ways that the configuration names. Throws Fault invalid for a file that is missing or wrong. */
export function openAuthenticator({ config, clock, log }: Pick<ApiContext, 'config' | 'clock' | 'log'>): Authenticator {
  const { auth } = config
  if (auth.includes('noauth')) {
    if (auth.length > 1) throw new Fault('invalid', `setting auth is ${auth.join(',')}: noauth cannot be combined`)
    return { challenge: '', principalOf: async () => unauthenticated, close: async () => {} }
  }
  const methods = auth.map((mode): Method => {
    if (mode === 'http_basic') return openHtpasswd(config, clock)
    return mode === 'token' ? openTokens({ stateDir: config.state_dir, clock }) : openKeystone({ config, clock, log })
  })
  const failures = openFailures(clock, config.rate_limit_logins, tooMany)
  return {
    challenge: methods.map(({ challenge }) => challenge).join(', '),
    principalOf: (headers, source) => judged(methods, failures, headers, source),
    close: async () => {
      for (const method of methods) await method.close?.()
    },
  }
}

const tooMany = (retryAfter: number): Fault =>
  new Fault('too_many_requests', 'Too many failed logins from this address; wait before the next.', { retryAfter })

async function judged(
  methods: readonly Method[],
  failures: Failures,
  headers: Headers,
  source: string,
): Promise<Principal> {
  if (headers['authorization'] === undefined && headers['x-auth-token'] === undefined) {
    throw new Fault('unauthorized', 'This API needs a credential; none was sent.')
  }
  failures.check(source)
  for (const method of methods) {
    const principal = await method.principalOf(headers)
    if (principal) return principal
  }
  failures.count(source)
  throw new Fault('unauthorized', 'The credential is unknown, wrong or expired.')
}

/** The token of a request: `X-Auth-Token`, as OpenStack's clients send it, or a bearer token. */
export function tokenOf(headers: Headers): string | undefined {
  const own = headers['x-auth-token']
  if (typeof own === 'string' && own !== '') return own.slice(0, 16_384)
  const { authorization } = headers
  const [, bearer] = typeof authorization === 'string' ? (/^bearer +(\S{1,16384})$/i.exec(authorization) ?? []) : []
  return bearer
}
