import type { FastifyReply, FastifyRequest } from 'fastify'
import { maskedText } from '@ferrite/shared/redact'
import { passageOf } from './hooks.ts'
import { peerOf } from './peer.ts'
import type { ApiContext, DeclaredRoute } from './route.ts'

/** One line for each call that changes something, whether it was allowed or not: who, from where, what, on what, how it ended. */
export function audit({ log }: ApiContext, route: DeclaredRoute, request: FastifyRequest, reply: FastifyReply): void {
  const { requestId, fault } = passageOf(request)
  const params = (request.params ?? {}) as Record<string, string>
  const subject = params['ident'] ?? params['port'] ?? createdUuid(reply)
  log.info(
    {
      audit: true,
      verb: route.audit,
      user: null,
      project: null,
      source: peerOf(request),
      subject: subject?.slice(0, 255) ?? null,
      request_id: requestId,
      global_request_id: globalId(request),
      status: reply.statusCode,
      refused: fault === null ? null : maskedText(fault).slice(0, 500),
    },
    'audit',
  )
}

function createdUuid(reply: FastifyReply): string | undefined {
  const location = reply.getHeader('location')
  return typeof location === 'string' ? location.slice(location.lastIndexOf('/') + 1) : undefined
}

const globalId = (request: FastifyRequest): string | null => {
  const given = request.headers['x-openstack-request-id']
  return typeof given === 'string' && /^req-[A-Za-z0-9-]{1,64}$/.test(given) ? given : null
}
