import type { Logger } from 'pino'
import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import type { OutboundClient } from '../../outbound/client.ts'
import { BoundCredential } from '../../outbound/credential.ts'
import { messageIdsIn, messageIn, objectIn } from './answer.ts'
import type { RedfishInfo } from './driver-info.ts'
import { linkIn, ownPath } from './links.ts'

/** How requests to one BMC prove who asks. At most one session is open. */
export type Login = AsyncDisposable & {
  /** The credential to use now; logs in when there is none yet. Null: the BMC wants none. */
  credential(): Promise<BoundCredential | null>
  /** Forgets `refused`, which the BMC no longer takes. False when there is nothing better to try. */
  refused(refused: BoundCredential | null): boolean
}

type Session = { credential: BoundCredential; location: string | undefined }

export type KeptSession = { token: string; location: string | undefined }
/**
 * Remembers the open session of a BMC's user beyond this process: BMCs have few, and a conductor that dies cannot close
 * its own. Only whoever has the password that opened a session gets it back.
 */
export interface SessionVault {
  get(of: RedfishInfo): KeptSession | undefined
  /** Undefined forgets. */
  set(of: RedfishInfo, session: KeptSession | undefined): void
}
type LoginParts = { log: Logger; vault?: SessionVault | undefined }

export function loginFor(info: RedfishInfo, client: OutboundClient, { log, vault }: LoginParts): Login {
  const { username, password } = info
  if (username === undefined)
    return { credential: () => Promise.resolve(null), refused: () => false, ...nothingToClose }
  const secret = password ?? new Secret('')
  const basic = BoundCredential.basic(client.origin, username, secret)
  if (info.authType === 'basic')
    return { credential: () => Promise.resolve(basic), refused: () => false, ...nothingToClose }

  const kept = vault?.get(info)
  let session: Session | undefined = kept && sessionOf(client, kept)
  let opening: Promise<Session> | undefined
  const open = async (signal: AbortSignal): Promise<Session> => {
    const sessions = await sessionsPath(client, signal)
    const opened = sessions && (await logIn(client, sessions, { username, password: secret }, signal))
    if (opened) {
      vault?.set(info, opened)
      return sessionOf(client, opened)
    }
    if (info.authType === 'session') {
      throw new Fault(
        'bmc_refused',
        `the BMC ${client.origin} has no session service, and driver_info asks for a session`,
      )
    }
    log.warn({ bmc: client.origin }, 'BMC has no session service; using basic authentication')
    return { credential: basic, location: undefined }
  }
  return {
    async credential() {
      if (session) return session.credential
      // Not with the caller’s signal: others wait for the same login.
      opening ??= open(AbortSignal.timeout(60_000)).finally(() => (opening = undefined))
      session = await opening
      return session.credential
    },
    refused(credential) {
      if (!session || session.credential !== credential) return session === undefined || credential !== null
      const wasSession = session.credential !== basic
      session = undefined
      vault?.set(info, undefined)
      return wasSession
    },
    async [Symbol.asyncDispose]() {
      const closing = session
      session = undefined
      if (!closing?.location) return
      // The BMC would end it by itself some day; a stopping conductor does not wait for a dead one.
      await close(client, closing)
        .then(() => vault?.set(info, undefined))
        .catch((error: unknown) => log.warn({ err: error, bmc: client.origin }, 'cannot close a BMC session'))
    },
  }
}

const sessionOf = (client: OutboundClient, { token, location }: KeptSession): Session => ({
  credential: BoundCredential.header(client.origin, 'x-auth-token', new Secret(token)),
  location,
})

async function close(client: OutboundClient, { credential, location }: Session): Promise<void> {
  if (location === undefined) return
  await client.request({ method: 'DELETE', path: location, credential, limits: { totalMs: 5_000 } })
}

const nothingToClose = { [Symbol.asyncDispose]: () => Promise.resolve() }

/** Where sessions are made; undefined when the BMC has no such service. */
async function sessionsPath(client: OutboundClient, signal: AbortSignal): Promise<string | undefined> {
  const response = await client.request({ path: '/redfish/v1/', credential: null, signal })
  // The root is open to everybody by the standard, and closed by some BMCs.
  if (response.status === 401 || response.status === 403) return usualPath
  if (response.status !== 200) {
    throw new Fault('bmc_refused', `${client.origin} does not answer as a Redfish service (status ${response.status})`)
  }
  const root = objectIn(response, 'GET /redfish/v1/')
  const named = linkIn(root, 'Links', 'Sessions')
  const service = linkIn(root, 'SessionService')
  return named ?? (service && `${service.replace(/\/$/, '')}/Sessions`)
}

const usualPath = '/redfish/v1/SessionService/Sessions'
/** What a BMC answers that lists a session service and has none. */
const noService = new Set([404, 405, 410, 501])
export const changePassword = 'its password has to be changed before it does anything else'

/** Undefined when the BMC, asked where it said, turns out to open no sessions. */
async function logIn(
  client: OutboundClient,
  path: string,
  user: { username: string; password: Secret },
  signal: AbortSignal,
): Promise<KeptSession | undefined> {
  const body = { UserName: user.username, Password: user.password.reveal() }
  const response = await client.request({ method: 'POST', path, body, credential: null, signal })
  if (noService.has(response.status)) return undefined
  const token = response.headers['x-auth-token']
  const said = messageIn(response)
  const at = response.headers['location']
  if (messageIdsIn(response).includes('PasswordChangeRequired')) {
    // Such a session is good for nothing, and a BMC has few.
    if (token && at) await close(client, sessionOf(client, { token, location: ownPath(at) })).catch(() => undefined)
    throw new Fault('bmc_refused', `the BMC ${client.origin} lets ${user.username} in, but ${changePassword}`)
  }
  if (response.status >= 300 || !token) {
    const why =
      response.status === 401 || response.status === 403 ? 'refuses the user name or password' : 'opens no session'
    throw new Fault('bmc_refused', `the BMC ${client.origin} ${why} (status ${response.status})${said && `: ${said}`}`)
  }
  const own = response.body.length > 0 ? objectIn(response, `POST ${path}`)['@odata.id'] : undefined
  const location = at ?? (typeof own === 'string' ? own : undefined)
  return { token, location: location === undefined ? undefined : ownPath(location) }
}
