import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Door } from './door.ts'
import { anonymous, type Principal } from './auth/principal.ts'
import { checkOrigin } from './origin.ts'
import { errorAnswer } from './faults.ts'
import type { Metrics } from './metrics.ts'
import { peerOf } from './peer.ts'
import { noRamdisksHere, noSuchPath } from './refusal.ts'
import type { ApiContext } from './route.ts'
import { requestedVersion, versionHeaders } from './versions.ts'

/** What a request carries from the first hook to the last. */
export type Passage = {
  requestId: string
  startedMs: number
  microversion: number
  /** Address of the caller, behind trusted proxies too. */
  source: string
  /** It came through a trusted proxy, whose X-Forwarded-* headers count. */
  proxied: boolean
  principal: Principal
  /** What a verb found, for the audit record. */
  before?: string | undefined
  /** What was thrown, if anything was. */
  error?: unknown
}
const passages = new WeakMap<FastifyRequest, Passage>()
export const passageOf = (request: FastifyRequest): Passage => {
  const known = passages.get(request)
  if (known) return known
  const made: Passage = {
    requestId: `req-${randomUUID()}`,
    startedMs: performance.now(),
    microversion: 1,
    source: peerOf(request),
    proxied: false,
    principal: anonymous,
  }
  passages.set(request, made)
  return made
}

/** On every answer: nothing here is for browsers to keep, guess at or run. */
export const commonHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'",
  'referrer-policy': 'no-referrer',
}

export const isVersioned = (url: string): boolean => /^\/v1(?:[/?]|$)/.test(url)

/** Headers on every answer, the version before everything else, errors in Ironic's envelope, and the metrics. */
export function addHooks(app: FastifyInstance, context: ApiContext, metrics: Metrics, { proxies }: Door): void {
  app.addHook('onRequest', async (request, reply) => {
    const passage = passageOf(request)
    passage.proxied = proxies.trusts(passage.source)
    passage.source = proxies.source(passage.source, request.headers)
    reply.headers({ ...commonHeaders, 'openstack-request-id': passage.requestId })
    if (isEncrypted(request)) reply.header('strict-transport-security', 'max-age=31536000')
    if (isVersioned(request.url)) {
      passage.microversion = requestedVersion(request.headers)
      reply.headers(versionHeaders(passage.microversion))
      if (passage.microversion >= 107) reply.header('x-openstack-request-id', passage.requestId)
    }
    checkOrigin(request, context.config)
  })
  app.addHook('onResponse', async (request, reply) => {
    metrics.observe({
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: reply.statusCode,
      seconds: (performance.now() - passageOf(request).startedMs) / 1000,
    })
  })
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, context))
  app.setNotFoundHandler((request, reply) => {
    const fromRamdisk = /^\/v1\/(lookup|heartbeat)\b/.test(request.url)
    return sendError(fromRamdisk ? noRamdisksHere() : noSuchPath(), request, reply, context)
  })
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, { log }: ApiContext) {
  const passage = passageOf(request)
  const answer = errorAnswer(error, request.url, passage.requestId)
  passage.error = error
  if (answer.bug !== undefined) {
    log.error({ err: answer.bug, request_id: passage.requestId, method: request.method }, 'a request failed')
  }
  return sendJson(reply.code(answer.status).headers(answer.headers), answer.body)
}

const isEncrypted = ({ raw }: FastifyRequest): boolean => 'encrypted' in raw.socket && raw.socket.encrypted === true

/** As bytes: to text fastify would add a charset, which JSON does not have. */
export function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  if (!reply.hasHeader('content-type')) reply.header('content-type', 'application/json')
  return reply.send(Buffer.from(JSON.stringify(body)))
}
