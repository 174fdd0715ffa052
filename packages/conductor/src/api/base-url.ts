import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'

const authority = /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:\d{1,5})?$/

/** Scheme and authority of links: the configured ones, else what the client itself calls us. */
export function baseOf(request: Pick<FastifyRequest, 'headers'>, config: Config): string {
  if (config.public_endpoint !== undefined) return config.public_endpoint.replace(/\/+$/, '')
  const { host } = request.headers
  return `http://${host !== undefined && authority.test(host) ? host : config.listen}`
}
