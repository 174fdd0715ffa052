import type { Logger } from 'pino'
import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import type { OutboundClient } from '../../outbound/client.ts'
import { BoundCredential } from '../../outbound/credential.ts'
import { messageIn, objectIn } from './answer.ts'
import type { RedfishInfo } from './driver-info.ts'

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
    if (sessions) {
      const opened = await logIn(client, sessions, { username, password: secret }, signal)
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
      const { credential, location } = closing
      // The BMC would end it by itself some day; a stopping conductor does not wait for a dead one.
      await client
        .request({ method: 'DELETE', path: location, credential, limits: { totalMs: 5_000 } })
        .then(() => vault?.set(info, undefined))
        .catch((error: unknown) => log.warn({ err: error, bmc: client.origin }, 'cannot close a BMC session'))
    },
  }
}

const sessionOf = (client: OutboundClient, { token, location }: KeptSession): Session => ({
  credential: BoundCredential.header(client.origin, 'x-auth-token', new Secret(token)),
  location,
})

const nothingToClose = { [Symbol.asyncDispose]: () => Promise.resolve() }

/** Where sessions are made; undefined when the BMC has no such service. */
async function sessionsPath(client: OutboundClient, signal: AbortSignal): Promise<string | undefined> {
  const response = await client.request({ path: '/redfish/v1/', credential: null, signal })
  if (response.status !== 200) {
    throw new Fault('bmc_refused', `${client.origin} does not answer as a Redfish service (status ${response.status})`)
  }
  const links = objectIn(response, 'GET /redfish/v1/')['Links'] as { Sessions?: { '@odata.id'?: unknown } } | undefined
  const path = links?.Sessions?.['@odata.id']
  return typeof path === 'string' ? path : undefined
}

async function logIn(
  client: OutboundClient,
  path: string,
  user: { username: string; password: Secret },
  signal: AbortSignal,
): Promise<KeptSession> {
  const body = { UserName: user.username, Password: user.password.reveal() }
  const response = await client.request({ method: 'POST', path, body, credential: null, signal })
  const token = response.headers['x-auth-token']
  if (response.status >= 300 || !token) {
    const said = messageIn(response)
    const why =
      response.status === 401 || response.status === 403 ? 'refuses the user name or password' : 'opens no session'
    throw new Fault('bmc_refused', `the BMC ${client.origin} ${why} (status ${response.status})${said && `: ${said}`}`)
  }
  const own = objectIn(response, `POST ${path}`)['@odata.id']
  const location = response.headers['location'] ?? (typeof own === 'string' ? own : undefined)
  return { token, location }
}
