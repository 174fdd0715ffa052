import Fastify from 'fastify'
import { installActions } from './bmc/actions.ts'
import { etagOf } from './bmc/answers.ts'
import { installChanges } from './bmc/changes.ts'
import { installFaults } from './bmc/fault-hooks.ts'
import { methodsOf, paths, root } from './bmc/paths.ts'
import { resourcesOf } from './bmc/resources.ts'
import { installSessions } from './bmc/sessions.ts'
import type { Account } from './bmc/sessions.ts'
import { installStandard, metadata, notTaken, pathOf } from './bmc/standard.ts'
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
  /** Where alone the drives are listed; BMCs differ, and so do clients. Both unless given. */
  mediaUnder?: 'system' | 'manager'
  memoryMib?: number
  https?: { key: string; cert: string }
}

/** A Redfish BMC in front of a machine, on a port of its own. */
export async function openRedfishBmc(machine: Machine, options: BmcOptions = {}): Promise<Bmc> {
  const account = options.account ?? { username: 'admin', password: 'secret' }
  const state = bmcState({
    slots: options.slots ?? ['Cd', 'USBStick'],
    userName: account.username,
    memoryBytes: options.memoryMib === undefined ? undefined : options.memoryMib * 2 ** 20,
    mediaUnder: options.mediaUnder ?? 'both',
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
  const readable = (path: string) => Object.hasOwn(resourcesOf(machine, state), path) || path === `${root}/$metadata`
  const methods = (path: string) => methodsOf(path, state.mediaPath, readable)
  installStandard(app, methods)
  installFaults(app, state)
  installSessions(app, state, account)
  installActions(app, machine, state)
  installChanges(app, machine, state)
  app.get(`${root}/$metadata`, (_, reply) => {
    const types = Object.values(resourcesOf(machine, state)).flatMap((one) => Object.entries(one))
    const named = types.flatMap(([key, value]) => (key === '@odata.type' ? [String(value)] : []))
    return reply.type('application/xml; charset=utf-8').send(metadata(named))
  })
  app.get('/*', (request, reply) => {
    const resource = resourcesOf(machine, state)[pathOf(request)]
    if (!resource) return notTaken(request, reply, methods)
    const { etag } = state.faults
    const own = etagOf(resource)
    if (!etag && request.headers['if-none-match'] === own) return reply.code(304).header('ETag', own).send()
    reply.header('ETag', etag === 'empty' ? '""' : etag === 'weak' ? `W/${own}` : own)
    reply.header('Link', `<${schemaOf(resource)}>; rel=describedby`)
    return reply.send(resource)
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

/** Where the form of a resource is published. */
function schemaOf(resource: object): string {
  const type = (resource as { '@odata.type'?: string })['@odata.type'] ?? '#ServiceRoot'
  return `http://redfish.dmtf.org/schemas/v1/${type.replace(/^#/, '').replace(/\.[^.]+$/, '')}.json`
}
