import tls from 'node:tls'
import type { PeerCertificate } from 'node:tls'
import { Agent, buildConnector } from 'undici'
import { Fault } from '@ferrite/shared/fault'

export type DispatcherOptions = {
  /** Additional trusted certificates, PEM. */
  ca?: string | undefined
  insecure: boolean
  /** SHA-256 of the one certificate to accept, hex with or without colons; names and dates do not matter then. */
  fingerprint?: string | undefined
  connectTimeoutMs: number
}

/** Connections to the conductor: the certificates of Node and of the system are trusted, or the one pinned. No redirects are followed. */
export function conductorDispatcher({ ca, insecure, fingerprint, connectTimeoutMs }: DispatcherOptions): Agent {
  const trusted = [...tls.getCACertificates('default'), ...tls.getCACertificates('system'), ...(ca ? [ca] : [])]
  const connect = { timeout: connectTimeoutMs, ca: trusted, minVersion: 'TLSv1.2' as const }
  const limits = { connections: 4, keepAliveTimeout: 30_000 }
  if (fingerprint === undefined) return new Agent({ ...limits, connect: { ...connect, rejectUnauthorized: !insecure } })
  return new Agent({ ...limits, connect: pinned(fingerprint, connectTimeoutMs) })
}

function pinned(fingerprint: string, timeout: number): buildConnector.connector {
  const wanted = fingerprint
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toUpperCase()
  const connector = buildConnector({ timeout, rejectUnauthorized: false })
  return (options, callback) => {
    connector(options, (error, socket) => {
      if (error) return callback(error, null)
      const certificate =
        socket instanceof tls.TLSSocket ? socket.getPeerCertificate() : ({} as Partial<PeerCertificate>)
      const seen = certificate.fingerprint256?.replaceAll(':', '')
      if (seen === wanted) return callback(null, socket)
      socket.destroy()
      callback(new Fault('forbidden', `the conductor's certificate is not the pinned one: ${seen ?? 'no TLS'}`), null)
    })
  }
}
