import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { checkOrigin } from './origin.ts'
import { errorAnswer } from './faults.ts'
import type { Metrics } from './metrics.ts'
import { noSuchPath } from './refusal.ts'
import type { ApiContext } from './route.ts'
import { requestedVersion, versionHeaders } from './versions.ts'

/** What a request carries from the first hook to the last. */
export type Passage = {
  requestId: string
  startedMs: number
  microversion: number
  fault: string | null
}
const passages = new WeakMap<FastifyRequest, Passage>()
export const passageOf = (request: FastifyRequest): Passage => {
  const known = passages.get(request)
  if (known) return known
  const made: Passage = { requestId: `req-${randomUUID()}`, startedMs: performance.now(), microversion: 1, fault: null }
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
export function addHooks(app: FastifyInstance, context: ApiContext, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    const passage = passageOf(request)
    reply.headers({ ...commonHeaders, 'openstack-request-id': passage.requestId })
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
  app.setNotFoundHandler((request, reply) => sendError(noSuchPath(), request, reply, context))
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, { log }: ApiContext) {
  const passage = passageOf(request)
  const answer = errorAnswer(error, request.url, passage.requestId)
  passage.fault = error instanceof Error ? error.message : String(error)
  if (answer.bug !== undefined) {
    log.error({ err: answer.bug, request_id: passage.requestId, method: request.method }, 'a request failed')
  }
  return sendJson(reply.code(answer.status).headers(answer.headers), answer.body)
}

/** As bytes: to text fastify would add a charset, which JSON does not have. */
export function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  if (!reply.hasHeader('content-type')) reply.header('content-type', 'application/json')
  return reply.send(Buffer.from(JSON.stringify(body)))
}
