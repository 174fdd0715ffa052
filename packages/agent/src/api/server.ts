import type { IncomingMessage } from 'node:http'
import { fastify } from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Runner } from '../commands/runner.ts'
import { answerFault, notFound } from './faults.ts'
import type { Gate } from './gate.ts'
import { commandRoutes } from './commands.ts'
import { documentRoutes } from './documents.ts'

export type ApiTls = { cert: string; key: string; minVersion: 'TLSv1.2' | 'TLSv1.3'; ciphers?: string | undefined }

export type ApiOptions = {
  runner: Runner
  gate: Gate
  log: Logger
  startedAt: Date
  /** Absent: plain HTTP. */
  tls?: ApiTls | undefined
  /** Somebody looked at the results of commands, or gave a new one. */
  onSeen: () => void
}

/** Config drives may be 64 MiB before base64, and come up to three times in one request; all else is far smaller. */
const maxBodyBytes = 288 * 1024 * 1024
const headerLimits = { maxHeaderSize: 16 * 1024, headersTimeout: 10_000 }

/** The agent's REST API, path for path that of ironic-python-agent. Call `listen` on what it returns. */
export async function agentApi(options: ApiOptions): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify({
    ...(options.tls ? { https: { ...options.tls, ...headerLimits } } : { http: headerLimits }),
    bodyLimit: maxBodyBytes,
    requestTimeout: 120_000,
    // Conductors poll every few seconds; one that reuses a connection must not find it just closed.
    keepAliveTimeout: 65_000,
    connectionTimeout: 0,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
  } as object)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setErrorHandler(answerFault(options.log))
  app.setNotFoundHandler(notFound)
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })
  logRequests(app, options.log)
  await app.register(documentRoutes, options)
  await app.register(commandRoutes, options)
  return app
}

/** The path only: the query carries the token. */
function logRequests(app: FastifyInstance, log: Logger): void {
  app.addHook('onResponse', async (request: FastifyRequest, reply) => {
    const { method } = request
    log.debug({ method, path: pathOf(request.raw), status: reply.statusCode, peer: request.ip }, 'request')
  })
}

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?')[0] ?? '/'
