import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { audit } from './audit.ts'
import { baseOf } from './base-url.ts'
import { parseJson } from './body.ts'
import { passageOf, sendJson } from './hooks.ts'
import { peerOf } from './peer.ts'
import { noSuchPath, wrongMethod } from './refusal.ts'
import { methods, type Answer, type ApiContext, type DeclaredRoute, type Request } from './route.ts'
import { tooNew } from './versions.ts'

/** Serves one declared route: its version, its limits, its parser, its audit line. */
export function addRoute(app: FastifyInstance, context: ApiContext, route: DeclaredRoute): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: FastifyRequest, raw: Buffer) =>
      parseJson(raw, route.depth),
    )
    scope.route({
      method: route.method,
      url: route.path,
      exposeHeadRoute: answersHead(route),
      // Room for an empty document, which counts as no body.
      bodyLimit: Math.max(route.maxBody, 64),
      onRequest: async (request) => checkVersion(route, passageOf(request).microversion),
      ...(route.audit === null ? {} : { onResponse: async (request, reply) => audit(context, route, request, reply) }),
      handler: async (request, reply) =>
        send(reply, await route.run(toRequest(context, request, reply)), request, context),
    })
  })
}

function checkVersion(route: DeclaredRoute, microversion: number): void {
  if (microversion >= route.since || !route.path.startsWith('/v1')) return
  if (route.tooOld === 'method_not_allowed') throw wrongMethod(route.method, [])
  throw route.tooOld === 'not_acceptable' ? tooNew(route.since) : noSuchPath()
}

function toRequest(context: ApiContext, request: FastifyRequest, reply: FastifyReply): Request {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const { requestId, microversion } = passageOf(request)
  const peer = peerOf(request)
  return {
    api: context,
    params: request.params as Record<string, string>,
    query: request.query,
    body: request.body,
    headers: request.headers,
    microversion,
    base: baseOf(request, context.config),
    caller: { user: null, project: null, source: peer, request_id: requestId },
    peer,
    suffixed: request.originalUrl !== request.url,
    signal: gone.signal,
  }
}

function send(reply: FastifyReply, answer: Answer, request: FastifyRequest, { config }: ApiContext): FastifyReply {
  reply.code(answer.status).headers(answer.headers ?? {})
  if (answer.location !== undefined) reply.header('location', baseOf(request, config) + answer.location)
  if (answer.stream) return reply.send(answer.stream)
  if (answer.text !== undefined) {
    if (!reply.hasHeader('content-type')) reply.type('text/plain; charset=utf-8')
    return reply.send(answer.text)
  }
  if (answer.body === undefined) return reply.send()
  return sendJson(reply, answer.body)
}

/** A HEAD for free, where a GET's answer is a document that can be made and thrown away. */
const answersHead = ({ method, streams }: DeclaredRoute): boolean => method === 'GET' && streams !== true

/** Every other method of a known path is 405 with what is allowed, instead of an unknown path. */
export function refuseOtherMethods(app: FastifyInstance, routes: readonly DeclaredRoute[]): void {
  for (const [path, same] of Map.groupBy(routes, (route) => route.path)) {
    const declared = same.map(({ method }) => method)
    const allowed = same.some(answersHead) ? [...declared, 'HEAD' as const] : declared
    const others = methods.filter((method) => !allowed.includes(method))
    if (others.length === 0) continue
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', async () => undefined)
      scope.route({
        method: others,
        url: path,
        // Before the body, which may be of any size here, is read.
        onRequest: async (request) => {
          throw wrongMethod(request.method, allowed)
        },
        handler: async () => undefined,
      })
    })
  }
}
