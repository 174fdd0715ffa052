import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { Clock } from '../core/clock.ts'
import type { Services } from '../core/services.ts'
import type { Store } from '../store/store.ts'

export type ApiParts = { services: Services; store: Store; log: Logger; clock: Clock }
export interface Api {
  /** Binds both listeners (one, when `single_listener`); port 0 is resolved in the URLs. */
  listen(): Promise<{ operatorUrl: string; ramdiskUrl: string }>
  /** Stops taking requests, ends event streams, waits for the answers that are under way. */
  close(): Promise<void>
}

/** The HTTP API of one conductor. Throws Fault invalid when the configuration would expose it without authentication. */
export function createApi(config: Config, parts: ApiParts): Api {
  void config
  void parts
  throw new Error('the API is not served yet')
}
