import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isFault } from '@ferrite/shared/fault'
import { audit, stateBefore } from './audit.ts'
import { authorise } from './auth/authorise.ts'
import { anonymous, type Principal } from './auth/principal.ts'
import { baseOf } from './base-url.ts'
import { parseJson } from './body.ts'
import type { Door } from './door.ts'
import { passageOf, sendJson } from './hooks.ts'
import { classOf } from './limits/rates.ts'
import { noSuchPath, wrongMethod } from './refusal.ts'
import { methods, type Answer, type ApiContext, type DeclaredRoute, type Request } from './route.ts'
import { tooNew } from './versions.ts'

/** Serves one declared route: who may call it, its version, its limits, its parser, its audit record. */
export function addRoute(app: FastifyInstance, context: ApiContext, route: DeclaredRoute, door: Door): void {
  const parts = { context, log: door.log }
  const beats = classOf(route) === 'heartbeats'
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
      onRequest: async (request, reply) => letIn(door, route, request, reply),
      ...(route.audit === null ? {} : { onResponse: async (request, reply) => audit(parts, route, request, reply) }),
      ...(beats ? { onError: async (request, _reply, error) => countBadToken(door, request, error) } : {}),
      handler: async (request, reply) => {
        const passage = passageOf(request)
        if (route.audit !== null) {
          passage.before = await stateBefore(context, route, request.params as Record<string, string>)
        }
        const asked = await authorise(route, toRequest(context, request, reply), passage.principal)
        return send(reply, await route.run(asked), request, context)
      },
    })
  })
}

/** Everything that is decided before a body is read. */
async function letIn(door: Door, route: DeclaredRoute, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const passage = passageOf(request)
  door.overload.check(route)
  if (classOf(route) === 'heartbeats') door.badTokens.check(passage.source)
  passage.principal = await principalOf(door, route, request, reply)
  door.rates.check(route, passage.principal, passage.source)
  checkVersion(route, passage.microversion)
  door.bodies.admit(route, request, reply)
}

function countBadToken({ badTokens }: Door, request: FastifyRequest, error: unknown): void {
  if (isFault(error, 'invalid') && error.details['badToken'] === true) badTokens.count(passageOf(request).source)
}

async function principalOf(
  { authenticator }: Door,
  route: DeclaredRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Principal> {
  if (route.auth === 'public' || route.auth === 'ramdisk') return anonymous
  try {
    return await authenticator.principalOf(request.headers, passageOf(request).source)
  } catch (error) {
    if (isFault(error, 'unauthorized')) reply.header('www-authenticate', authenticator.challenge)
    throw error
  }
}

function checkVersion(route: DeclaredRoute, microversion: number): void {
  if (microversion >= route.since || !route.path.startsWith('/v1')) return
  if (route.tooOld === 'method_not_allowed') throw wrongMethod(route.method, [])
  throw route.tooOld === 'not_acceptable' ? tooNew(route.since) : noSuchPath()
}

function toRequest(context: ApiContext, request: FastifyRequest, reply: FastifyReply): Request {
  const gone = new AbortController()
  // Closed before the end: nobody is there any more to answer.
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  const { requestId, microversion, source, proxied, principal } = passageOf(request)
  return {
    api: context,
    params: request.params as Record<string, string>,
    query: request.query,
    body: request.body,
    headers: request.headers,
    microversion,
    base: baseOf(request, context.config, proxied),
    caller: { user: principal.user, project: principal.project, source, request_id: requestId },
    peer: source,
    suffixed: request.originalUrl !== request.url,
    signal: gone.signal,
  }
}

function send(reply: FastifyReply, answer: Answer, request: FastifyRequest, { config }: ApiContext): FastifyReply {
  reply.code(answer.status).headers(answer.headers ?? {})
  if (answer.location !== undefined) {
    reply.header('location', baseOf(request, config, passageOf(request).proxied) + answer.location)
  }
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
