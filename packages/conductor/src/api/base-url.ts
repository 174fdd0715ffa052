import type { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'

const authority = /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?$/

/** Scheme and authority of links: the configured ones, else what the client itself calls us, or a trusted proxy says. */
export function baseOf(request: Pick<FastifyRequest, 'headers' | 'raw'>, config: Config, proxied: boolean): string {
  if (config.public_endpoint !== undefined) return config.public_endpoint.replace(/\/+$/, '')
  const { headers } = request
  const said = (name: string) =>
    proxied
      ? String(headers[name] ?? '')
          .split(',')[0]
          ?.trim()
      : undefined
  const proto = said('x-forwarded-proto')
  const own = (request.raw.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http'
  const scheme = proto === 'http' || proto === 'https' ? proto : own
  const host = said('x-forwarded-host') || headers.host
  return `${scheme}://${host !== undefined && authority.test(host) ? host : config.listen}`
}
