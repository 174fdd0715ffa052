import type { IncomingMessage } from 'node:http'
import type { Server, Socket } from 'node:net'
import { Fault } from '@ferrite/shared/fault'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { checkRoutes } from './check-routes.ts'
import { errorAnswer } from './faults.ts'
import type { Door } from './door.ts'
import { addHooks, commonHeaders, passageOf, sendJson } from './hooks.ts'
import { addRoute, refuseOtherMethods } from './register.ts'
import type { Metrics } from './metrics.ts'
import type { ApiContext, DeclaredRoute, ListenerName } from './route.ts'
import type { TlsParts } from './limits/tls.ts'
import { withoutSuffix } from './suffix.ts'

export type AppOptions = {
  routes: readonly DeclaredRoute[]
  metrics: Metrics
  /** Routes of these listeners are served; every other path is unknown here. */
  listeners: readonly ListenerName[]
  maxConnections: number
  door: Door
  /** Speaks https with these; plain http without. */
  tls: TlsParts | undefined
}

const serverLimits = { headersTimeout: 10_000, connectionsCheckingInterval: 5000, maxHeaderSize: 16 * 1024 }

/** One listener: its routes, its limits, and the same manners on every answer. */
export function createApp(context: ApiContext, options: AppOptions): FastifyInstance {
  checkRoutes(options.routes)
  const app = fastify({
    logger: false,
    bodyLimit: 1024,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: false, maxParamLength: 300 },
    exposeHeadRoutes: false,
    return503OnClosing: true,
    forceCloseConnections: true,
    rewriteUrl: withoutSuffix,
    // Slow clients are cut off; a config drive of 64 MiB has two minutes.
    requestTimeout: 120_000,
    // Longer than the pauses between a polling client's requests, so that they do not meet a closing connection.
    keepAliveTimeout: 30_000,
    maxRequestsPerSocket: 10_000,
    ...(options.tls
      ? { https: { ...serverLimits, handshakeTimeout: serverLimits.headersTimeout, ...options.tls } }
      : { http: serverLimits }),
    frameworkErrors: (_error, request, reply) =>
      undecodable(request as FastifyRequest, reply as unknown as FastifyReply),
  })
  app.server.maxConnections = options.maxConnections
  app.server.maxHeadersCount = 64
  cutSilent(app.server, options.tls ? 'secureConnection' : 'connection')
  addHooks(app, context, options.metrics, options.door)
  const served = options.routes.filter(({ listener }) => listener === 'both' || options.listeners.includes(listener))
  for (const route of served) addRoute(app, context, route, options.door)
  refuseOtherMethods(app, served)
  return app
}

/**
 * Whoever connects and says nothing is cut off: Node's own limits begin with the first byte, and all connections together
 * are limited, so that a few thousand silent ones would keep everybody out.
 */
function cutSilent(server: Server, connected: 'connection' | 'secureConnection'): void {
  // Node ends a socket whose time is over; between two requests it sets the time itself.
  server.on(connected, (socket: Socket) => void socket.setTimeout(serverLimits.headersTimeout))
  server.prependListener('request', ({ socket }: IncomingMessage) => void socket.setTimeout(0))
}

/** A URL that cannot be decoded: no hook and no route sees it. */
function undecodable(request: FastifyRequest, reply: FastifyReply): void {
  const fault = new Fault('invalid', 'The path of the request is not well-formed')
  const { status, body } = errorAnswer(fault, '/', passageOf(request).requestId)
  sendJson(reply.code(status).headers(commonHeaders), body)
}
