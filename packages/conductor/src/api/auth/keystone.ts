import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { Config } from '../../config.ts'
import { openOutbound, type OutboundClient } from '../../outbound/client.ts'
import type { ApiContext } from '../route.ts'
import { tokenOf, type Method } from './authenticate.ts'
import { withImplied, type Principal } from './principal.ts'
import { digestOf } from './token-file.ts'

/** What is read of a validated token (Identity API v3). */
const validated = z.looseObject({
  token: z.looseObject({
    expires_at: z.string(),
    user: z.looseObject({ id: z.string(), name: z.string().optional() }),
    roles: z.array(z.looseObject({ name: z.string() })).default([]),
    project: z.looseObject({ id: z.string(), name: z.string() }).optional(),
    system: z.looseObject({ all: z.boolean().optional() }).optional(),
  }),
})

type Remembered = { principal: Principal | null; untilMs: number }
const mostRemembered = 10_000
/** A refused token is asked about again after this long. */
const refusedMs = 10_000

type Parts = Pick<ApiContext, 'config' | 'clock' | 'log'>

/** Tokens of an OpenStack cloud: Keystone is asked once, then its answer is believed for a while. */
export function openKeystone({ config, clock, log }: Parts): Method {
  const url = config.keystone_url
  if (url === undefined) throw new Fault('invalid', 'setting auth has keystone, but keystone_url is not set')
  const client = openOutbound({
    origin: url,
    unreachable: 'busy',
    ...(config.keystone_ca === undefined ? {} : { tls: { ca: readSetting('keystone_ca', config.keystone_ca) } }),
  })
  const own = ownToken(client, config, basePath(url))
  const known = new Map<string, Remembered>()
  const ask = async (token: string): Promise<Principal | null> => {
    const digest = digestOf(token)
    const now = clock.now().getTime()
    const before = known.get(digest)
    if (before && before.untilMs > now) return before.principal
    const fresh = await validate(client, { base: basePath(url), token, own }, config)
    const believedMs = fresh ? config.keystone_cache * 1000 : refusedMs
    if (known.size >= mostRemembered) known.clear()
    const untilMs = Math.min(now + believedMs, fresh?.expiresMs ?? Number.POSITIVE_INFINITY)
    known.set(digest, { principal: fresh?.principal ?? null, untilMs })
    if (!fresh) log.info('a token was refused by the identity service')
    return fresh && fresh.expiresMs > now ? fresh.principal : null
  }
  return {
    challenge: `Keystone uri="${new URL(url).origin}"`,
    principalOf: async (headers) => {
      const token = tokenOf(headers)
      return token === undefined ? undefined : ask(token)
    },
    close: async () => client[Symbol.asyncDispose](),
  }
}

const basePath = (url: string): string => new URL(url).pathname.replace(/\/+(v3\/?)?$/, '')

type OwnToken = { get(): Promise<string>; forget(): void }
type Question = { base: string; token: string; own: OwnToken }

async function validate(client: OutboundClient, { base, token, own }: Question, config: Config) {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await client.request({
      path: `${base}/v3/auth/tokens`,
      query: { nocatalog: '1' },
      headers: { 'x-auth-token': await own.get(), 'x-subject-token': token },
    })
    if (answer.status === 404) return undefined
    if (answer.status === 401 && attempt === 1) own.forget()
    else if (answer.status === 200) return readToken(validated.parse(answer.json()).token, config)
    else throw new Fault('busy', `the identity service answered ${answer.status} to the question about a token`)
  }
}

function readToken({ user, project, system, roles, expires_at }: z.infer<typeof validated>['token'], config: Config) {
  const principal: Principal = {
    user: user.id,
    project: project?.id ?? null,
    system: system?.all === true,
    serviceProject: config.keystone_service_access && project?.name === config.keystone_project,
    roles: withImplied(roles.map(({ name }) => name)),
    via: 'keystone',
  }
  return { principal, expiresMs: Date.parse(expires_at) }
}

/** Our own token, fetched when first needed and after it was refused. */
function ownToken(client: OutboundClient, config: Config, base: string): OwnToken {
  const file = config.keystone_password_file
  if (file === undefined)
    throw new Fault('invalid', 'setting auth has keystone, but keystone_password_file names no file')
  const domain = { name: config.keystone_domain }
  const fetchOne = async (): Promise<string> => {
    const password = readSetting('keystone_password_file', file).trim()
    const user = { name: config.keystone_user, domain, password }
    const identity = { methods: ['password'], password: { user } }
    const scope = { project: { name: config.keystone_project, domain } }
    const body = { auth: { identity, scope } }
    const answer = await client.request({ method: 'POST', path: `${base}/v3/auth/tokens`, body })
    const token = answer.headers['x-subject-token']
    if (answer.status === 201 && token) return token
    throw new Fault('busy', `the identity service did not let this conductor in (status ${answer.status})`)
  }
  let current: Promise<string> | undefined
  return {
    get: async () => {
      current ??= fetchOne()
      try {
        return await current
      } catch (error) {
        current = undefined
        throw error
      }
    },
    forget: () => (current = undefined),
  }
}

function readSetting(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('invalid', `cannot read ${file} (setting ${name})`, { cause })
  }
}
