import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { AgentFault } from '@ferrite/shared/contracts/agent-api'
import { Fault, explain } from '@ferrite/shared/fault'
import { maskedText } from '@ferrite/shared/redact'

/** Every error of the API has this body; conductors search the text, so it is never empty. */
export function answerFault(log: Logger) {
  return async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<AgentFault> => {
    const status = statusOf(error)
    if (status >= 500) log.error({ err: explain(error), method: request.method }, 'request failed')
    if (status === 429) reply.header('retry-after', '60')
    reply.code(status)
    return faultBody(status, error instanceof Fault || status < 500 ? explain(error) : 'Internal error')
  }
}

const allowed: Record<string, string> = {
  '/': 'GET',
  '/v1': 'GET',
  '/v1/status': 'GET',
  '/status': 'GET',
  '/v1/commands': 'GET, POST',
  '/commands': 'GET, POST',
}

/** 405 for a path that knows other methods, else 404. */
export async function notFound(request: FastifyRequest, reply: FastifyReply): Promise<AgentFault> {
  const path = (request.url.split('?')[0] ?? '/').replace(/(.)\/+$/, '$1')
  const methods = allowed[path] ?? (/^(\/v1)?\/commands\/[^/]+$/.test(path) ? 'GET' : undefined)
  if (methods === undefined) {
    reply.code(404)
    return faultBody(404, '404 Not Found: The requested URL was not found on the server.')
  }
  reply.code(405).header('allow', methods)
  return faultBody(405, '405 Method Not Allowed: The method is not allowed for the requested URL.')
}

const faultBody = (status: number, text: string): AgentFault => ({
  faultcode: status >= 500 ? 'Server' : 'Client',
  faultstring: maskedText(text) || 'Unknown error',
})

function statusOf(error: unknown): number {
  if (error instanceof Fault) return error.status
  const status = (error as { statusCode?: unknown } | null)?.statusCode
  return typeof status === 'number' && status >= 400 ? status : 500
}
