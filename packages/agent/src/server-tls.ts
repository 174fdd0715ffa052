import { hostname } from 'node:os'
import { createSecureContext } from 'node:tls'
import type { Logger } from 'pino'
import type { LookupConfig } from '@ferrite/shared/contracts/callback'
import { explain } from '@ferrite/shared/fault'
import type { ApiTls } from './api/server.ts'
import { selfSigned } from './certificate.ts'
import type { AgentConfig } from './config.ts'

/** From this minor version on, conductors take a certificate with the heartbeat. */
const certificateMinor = 68

export type TlsOptions = {
  config: Pick<AgentConfig, 'ipa-advertise-protocol' | 'ipa-enable-auto-tls'>
  minor: number
  host: string
  lookup: Pick<LookupConfig, 'tls_min_version' | 'tls_cipher_suites'>
  now: Date
  log: Logger
}

/** TLS with a certificate of our own making, when the conductor can learn it; undefined: plain HTTP. */
export async function serverTls({ config, minor, host, lookup, now, log }: TlsOptions): Promise<ApiTls | undefined> {
  const protocol = config['ipa-advertise-protocol']
  const isWanted = protocol === undefined ? config['ipa-enable-auto-tls'] : protocol === 'https'
  if (!isWanted || minor < certificateMinor) return undefined
  const certificate = await selfSigned({ address: host, hostname: hostname(), now })
  const minVersion = lookup.tls_min_version === '1.3' ? 'TLSv1.3' : 'TLSv1.2'
  return { ...certificate, minVersion, ...ciphersOf(lookup.tls_cipher_suites, log) }
}

function ciphersOf(ciphers: string | null | undefined, log: Logger): { ciphers?: string } {
  if (!ciphers) return {}
  try {
    createSecureContext({ ciphers })
    return { ciphers }
  } catch (error) {
    log.warn({ ciphers, err: explain(error) }, "the conductor's cipher suites cannot be used, serving with our own")
    return {}
  }
}
