import Fastify from 'fastify'
import { installActions, missing } from './bmc/actions.ts'
import { etagOf } from './bmc/answers.ts'
import { installFaults } from './bmc/fault-hooks.ts'
import { paths, resourcesOf } from './bmc/resources.ts'
import { installSessions } from './bmc/sessions.ts'
import type { Account } from './bmc/sessions.ts'
import { bmcState } from './bmc/state.ts'
import type { BmcFaults } from './faults.ts'
import type { Machine } from './machine.ts'

export type BmcRequest = { method: string; path: string; auth: 'none' | 'basic' | 'session'; body: unknown }

export type Bmc = AsyncDisposable & {
  readonly url: string
  readonly account: Account
  /** What is wrong with it; change it at any time. */
  faults: BmcFaults
  /** Every request that arrived, oldest first. */
  readonly requests: BmcRequest[]
  readonly openSessions: number
}

export type BmcOptions = {
  account?: Account
  /** Virtual drives; `Cd` is a CD, any other a USB stick. */
  slots?: readonly string[]
  /** Where the drives are listed; BMCs differ. */
  mediaUnder?: 'system' | 'manager'
  https?: { key: string; cert: string }
}

/** A Redfish BMC in front of a machine, on a port of its own. */
export async function openRedfishBmc(machine: Machine, options: BmcOptions = {}): Promise<Bmc> {
  const account = options.account ?? { username: 'admin', password: 'secret' }
  const state = bmcState({
    slots: options.slots ?? ['Cd', 'USBStick'],
    mediaPath: `${options.mediaUnder === 'manager' ? paths.manager : paths.system}/VirtualMedia`,
  })
  const requests: BmcRequest[] = []
  const server = { forceCloseConnections: true, ...(options.https ? { https: options.https } : {}) } as {
    forceCloseConnections: true
  }
  const app = Fastify({ ...server, routerOptions: { ignoreTrailingSlash: true } })

  app.addHook('preHandler', async (request) => {
    const auth = request.headers['x-auth-token'] ? 'session' : request.headers.authorization ? 'basic' : 'none'
    requests.push({ method: request.method, path: request.url, auth, body: request.body })
  })
  installFaults(app, state)
  installSessions(app, state, account)
  installActions(app, machine, state)
  app.get('/*', (request, reply) => {
    const resource = resourcesOf(machine, state)[request.url.replace(/\/$/, '')]
    if (!resource) return missing(reply)
    const { etag } = state.faults
    reply.header('ETag', etag === 'empty' ? '""' : etag === 'weak' ? `W/${etagOf(resource)}` : etagOf(resource))
    return reply.header('OData-Version', '4.0').send(resource)
  })

  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    account,
    requests,
    get faults() {
      return state.faults
    },
    set faults(faults) {
      state.faults = faults
    },
    get openSessions() {
      return state.sessions.size
    },
    [Symbol.asyncDispose]: () => app.close(),
  }
}
