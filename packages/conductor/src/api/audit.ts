import type { FastifyReply, FastifyRequest } from 'fastify'
import { explain } from '@ferrite/shared/fault'
import { maskedText } from '@ferrite/shared/redact'
import type { AuditLog } from './audit-log.ts'
import { passageOf } from './hooks.ts'
import type { ApiContext, DeclaredRoute } from './route.ts'

type Parts = { context: ApiContext; log: AuditLog }

/** One record for each call that changes something, whether it was allowed or not: who, from where, what, on what, how it ended. */
export async function audit(
  { context, log }: Parts,
  route: DeclaredRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { requestId, error, principal, source, before } = passageOf(request)
  const params = (request.params ?? {}) as Record<string, string>
  const subject = Object.values(params)[0] ?? createdUuid(reply)
  const after = before === undefined ? undefined : await stateOf(context, params['ident'])
  const record = {
    verb: route.audit,
    user: principal.user,
    role: [...principal.roles][0] ?? null,
    project: principal.project,
    system: principal.system,
    via: principal.via,
    source,
    subject: subject?.slice(0, 255) ?? null,
    request_id: requestId,
    global_request_id: globalId(request),
    status: reply.statusCode,
    refused: error === undefined ? null : maskedText(explain(error)).slice(0, 500),
    ...(before === undefined ? {} : { before, after: after ?? null }),
  }
  // Both, so that a deed is told somewhere when the disk of one of them is full.
  context.log.info({ audit: true, ...record }, 'audit')
  try {
    log.append({ at: context.clock.now().toISOString(), ...record })
  } catch (error) {
    context.log.error({ err: error, request_id: requestId }, 'the audit log cannot be written')
  }
}

const movesNodes = (route: DeclaredRoute): boolean => /\/states\/(power|provision)$/.test(route.path)

/** The states that a verb will move, for the record of before and after. */
export async function stateBefore(
  context: ApiContext,
  route: DeclaredRoute,
  params: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  return movesNodes(route) ? stateOf(context, params['ident']) : undefined
}

async function stateOf({ store }: ApiContext, ident: string | undefined): Promise<string | undefined> {
  const node = ident === undefined ? undefined : await store.node(ident)
  return node && `${node.provision_state}, ${node.power_state ?? 'power unknown'}`
}

function createdUuid(reply: FastifyReply): string | undefined {
  const location = reply.getHeader('location')
  return typeof location === 'string' ? location.slice(location.lastIndexOf('/') + 1) : undefined
}

const globalId = (request: FastifyRequest): string | null => {
  const given = request.headers['x-openstack-request-id']
  return typeof given === 'string' && /^req-[A-Za-z0-9-]{1,64}$/.test(given) ? given : null
}
