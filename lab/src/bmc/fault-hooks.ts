import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { refuse } from './answers.ts'
import { root } from './paths.ts'
import type { BmcState } from './state.ts'

/** Puts the faults of `state` between the network and the BMC. */
export function installFaults(app: FastifyInstance, state: BmcState): void {
  app.addHook('onRequest', async (request, reply) => {
    const { faults } = state
    state.served += 1
    if (faults.slowMs) await delay(faults.slowMs)
    if (faults.drop) return drop(request.raw.socket, reply)
    if (faults.hang) return void reply.hijack()
    if (faults.forgetSessions) {
      state.sessions.clear()
      delete faults.forgetSessions
    }
    if (faults.unavailable && faults.unavailable > 0) {
      faults.unavailable -= 1
      return refuse(reply, 503, 'ServiceTemporarilyUnavailable', 'The service is temporarily unavailable.')
    }
    if (faults.failEvery && state.served % faults.failEvery === 0) {
      return refuse(reply, 500, 'InternalError', 'The request failed due to an internal service error.')
    }
    const path = request.url.replace(/\/$/, '')
    if (faults.refuse && (faults.refuseWhen?.({ method: request.method, path }) ?? true)) {
      return refuse(
        reply,
        faults.refuse,
        'InsufficientPrivilege',
        'There are insufficient privileges for this operation.',
      )
    }
  })
  app.addHook('onSend', async (request, reply, payload) => {
    const { faults } = state
    if (faults.garbage) return '<html>Please log in</html>'
    if (typeof payload !== 'string' || request.method !== 'GET' || reply.statusCode !== 200) return payload
    if (faults.wrongTypes) return JSON.stringify(wrongTypes(JSON.parse(payload)))
    if (faults.flood) return payload + ' '.repeat(faults.flood)
    if (faults.offOrigin) return payload.replaceAll(`"@odata.id":"${root}/`, `"@odata.id":"${faults.offOrigin}${root}/`)
    return payload
  })
}

function drop(socket: { destroy(): void }, reply: { hijack(): void }): void {
  reply.hijack()
  socket.destroy()
}

const wrongTypes = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.keys(value).map((key) => [key, [[42]]]))
    : [value]
