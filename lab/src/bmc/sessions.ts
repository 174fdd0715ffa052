import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { missing, refuse } from './answers.ts'
import { paths } from './paths.ts'
import { sessionBody } from './resources.ts'
import { isOpen, pathOf } from './standard.ts'
import { newId, newToken } from './state.ts'
import type { BmcState } from './state.ts'

const login = z.object({ UserName: z.string(), Password: z.string() })
export type Account = { username: string; password: string }

/** Sessions, and the check that every request but the first ones comes with a session's token or the password. */
export function installSessions(app: FastifyInstance, state: BmcState, account: Account): void {
  app.addHook('onRequest', async (request, reply) => {
    const path = pathOf(request)
    const open = isOpen(path) || (request.method === 'POST' && path === paths.sessions)
    if (!open && !isKnown(request, state, account)) {
      reply.header('WWW-Authenticate', 'Basic realm="Redfish"')
      return refuse(reply, 401, 'NoValidSession', 'There is no valid session established with the implementation.')
    }
  })

  app.post(paths.sessions, (request, reply) => {
    const given = login.safeParse(request.body)
    if (!given.success) {
      return refuse(reply, 400, 'PropertyMissing', 'UserName and Password are needed to log in.')
    }
    if (given.data.UserName !== account.username || given.data.Password !== account.password) {
      return refuse(reply, 401, 'NoValidSession', 'The user name or the password is wrong.')
    }
    if (state.sessions.size >= (state.faults.sessionLimit ?? 16)) {
      return refuse(reply, 503, 'SessionLimitExceeded', 'The session limit is exceeded.')
    }
    const [id, token] = [newId(), newToken()]
    state.sessions.set(id, token)
    const location = `${state.faults.offOrigin ?? ''}${paths.sessions}/${id}`
    return reply
      .code(201)
      .header('X-Auth-Token', token)
      .header('Location', location)
      .send(sessionBody(id, account.username))
  })

  app.delete<{ Params: { id: string } }>(`${paths.sessions}/:id`, ({ params: { id } }, reply) =>
    state.sessions.delete(id) ? reply.code(204).send() : missing(reply),
  )
}

function isKnown(request: FastifyRequest, state: BmcState, account: Account): boolean {
  const token = request.headers['x-auth-token']
  if (typeof token === 'string') return [...state.sessions.values()].includes(token)
  const basic = Buffer.from(`${account.username}:${account.password}`).toString('base64')
  return request.headers.authorization === `Basic ${basic}`
}
