import { isIP } from 'node:net'
import type { Config } from '../config.ts'
import { Refusal } from './refusal.ts'

type Asked = { headers: Readonly<Record<string, string | string[] | undefined>> }

/**
 * Refuses requests that a page of another origin made a browser send. An API that trusts loopback would otherwise be
 * at the hands of every web page that its operator opens. Programs send no `Origin`.
 */
export function checkOrigin({ headers }: Asked, config: Config): void {
  const { origin, host } = headers
  if (origin === undefined) return
  const from = typeof origin === 'string' && URL.canParse(origin) ? new URL(origin) : undefined
  const own = config.public_endpoint !== undefined && from?.origin === new URL(config.public_endpoint).origin
  const sameHost = from !== undefined && from.host === host && isOwnName(from.hostname)
  if (own || sameHost) return
  throw new Refusal(403, 'Forbidden', 'Requests of web pages of another origin are not served.')
}

/** A name that resolves to us only by chance could be made to (DNS rebinding), so only literal addresses count. */
const isOwnName = (hostname: string): boolean => hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) > 0
