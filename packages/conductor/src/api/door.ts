import { Fault } from '@ferrite/shared/fault'
import { openAuthenticator, type Authenticator } from './auth/authenticate.ts'
import { openFailures, type Failures } from './auth/failures.ts'
import { openAuditLog, type AuditLog } from './audit-log.ts'
import { openBodies, type Bodies } from './limits/bodies.ts'
import { openOverload, type Overload } from './limits/overload.ts'
import { trustedProxies, type Proxies } from './limits/proxies.ts'
import { openRates, type Rates } from './limits/rates.ts'
import type { ApiContext } from './route.ts'

/** What stands before every route of both listeners: who, how often, from where, and what is written down. */
export type Door = {
  authenticator: Authenticator
  rates: Rates
  overload: Overload
  bodies: Bodies
  /** Agent tokens that were refused, by source. */
  badTokens: Failures
  proxies: Proxies
  log: AuditLog
  close(): Promise<void>
}

/** Fault invalid when a file that the configuration names is missing or wrong. */
export function openDoor(context: Pick<ApiContext, 'config' | 'clock' | 'log'>): Door {
  const { config, clock } = context
  const proxies = trustedProxies(config.trusted_proxies)
  const authenticator = openAuthenticator(context)
  const overload = openOverload(config.overload_delay * 1000)
  const log = openAuditLog(config.state_dir)
  const tooMany = (retryAfter: number) =>
    new Fault('too_many_requests', 'Too many heartbeats with wrong tokens from this address.', { retryAfter })
  return {
    authenticator,
    rates: openRates(config, clock),
    overload,
    bodies: openBodies(),
    badTokens: openFailures(clock, config.rate_limit_bad_tokens, tooMany),
    proxies,
    log,
    close: async () => {
      overload.close()
      log.close()
      await authenticator.close()
    },
  }
}
