import type { Logger } from 'pino'
import { Fault } from '@ferrite/shared/fault'
import type { Clock } from '../../core/clock.ts'
import { openOutbound } from '../../outbound/client.ts'
import type { OutboundClient, OutboundRequest, OutboundResponse } from '../../outbound/client.ts'
import type { Budget } from '../budget.ts'
import { bmcBudget } from '../budget.ts'
import { messageIn, messageOf, objectIn } from './answer.ts'
import { tlsFor } from './driver-info.ts'
import type { RedfishInfo } from './driver-info.ts'
import { patient } from './patience.ts'
import { loginFor } from './session.ts'
import type { Login, SessionVault } from './session.ts'

export type Resource = { path: string; etag: string | undefined; body: Record<string, unknown> }
/** `gone`: the BMC forgot the task before it said how it ended; look at the state instead. */
export type ActionOutcome = 'done' | 'gone'

/**
 * One Redfish BMC. All calls: Fault bmc_unreachable without an answer, bmc_refused with the BMC's own words,
 * bmc_lied for answers that are not Redfish, off_origin for links that lead elsewhere.
 */
export interface Redfish extends AsyncDisposable {
  readonly origin: string
  get(path: string, signal: AbortSignal): Promise<Resource>
  /** Changes a resource, with If-Match where the BMC's tags are any good. */
  patch(resource: Resource, body: object, signal: AbortSignal): Promise<ActionOutcome>
  /** Calls an action and waits for its task. */
  post(path: string, body: object, signal: AbortSignal): Promise<ActionOutcome>
  /** Removes a resource and waits for its task. */
  remove(path: string, signal: AbortSignal): Promise<ActionOutcome>
}

type Parts = { info: RedfishInfo; client: OutboundClient; login: Login; budget: Budget; clock: Clock }
const taskLimitMs = 60_000

export async function openRedfish(
  info: RedfishInfo,
  { clock, log, vault }: { clock: Clock; log: Logger; vault?: SessionVault | undefined },
): Promise<Redfish> {
  const tls = await tlsFor(info.verify)
  const client = patient(openOutbound({ origin: info.origin, unreachable: 'bmc_unreachable', tls }), clock)
  const login = loginFor(info, client, { log, vault })
  const parts: Parts = { info, client, login, budget: bmcBudget(client.origin, clock), clock }
  return {
    origin: client.origin,
    get: (path, signal) => parts.budget.read(() => get(parts, path, signal)),
    patch: (resource, body, signal) => parts.budget.write(() => patch(parts, resource, body, signal)),
    post: (path, body, signal) =>
      parts.budget.write(async () => {
        const response = await send(parts, { method: 'POST', path, body, signal })
        return ended(parts, response, `POST ${path}`, signal)
      }),
    remove: (path, signal) =>
      parts.budget.write(async () => {
        const response = await send(parts, { method: 'DELETE', path, signal })
        return ended(parts, response, `DELETE ${path}`, signal)
      }),
    async [Symbol.asyncDispose]() {
      await login[Symbol.asyncDispose]()
      await client[Symbol.asyncDispose]()
    },
  }
}

async function get(parts: Parts, path: string, signal: AbortSignal): Promise<Resource> {
  const response = await send(parts, { path, signal })
  if (response.status >= 300) throw refusal(parts, `GET ${path}`, response)
  const body = objectIn(response, `GET ${path}`)
  const own = body['@odata.etag']
  return { path, etag: response.headers['etag'] ?? (typeof own === 'string' ? own : undefined), body }
}

async function patch(parts: Parts, resource: Resource, body: object, signal: AbortSignal): Promise<ActionOutcome> {
  const { path, etag } = resource
  const change = (headers: Record<string, string>) => send(parts, { method: 'PATCH', path, body, headers, signal })
  // Weak and empty tags are shown by BMCs that then refuse them; others insist on a tag, whatever it looks like.
  const strong = etag !== undefined && /^"[^"]+"$/.test(etag) ? etag : undefined
  let response = await change(strong ? { 'if-match': strong } : {})
  if (response.status === 412 && strong) response = await change({})
  if (response.status === 412 || response.status === 428) {
    const fresh = (await get(parts, path, signal)).etag
    if (fresh) response = await change({ 'if-match': fresh })
  }
  return ended(parts, response, `PATCH ${path}`, signal)
}

/** One request, with a login where needed, and one new login after a 401. */
async function send(parts: Parts, request: OutboundRequest): Promise<OutboundResponse> {
  const credential = await parts.login.credential()
  const response = await parts.client.request({ ...request, credential })
  if (response.status !== 401 || !parts.login.refused(credential)) return response
  return parts.client.request({ ...request, credential: await parts.login.credential() })
}

function refusal(parts: Parts, what: string, response: OutboundResponse): Fault {
  const said = messageIn(response)
  const why = said ? `: ${said}` : ''
  return new Fault('bmc_refused', `the BMC ${parts.info.origin} refuses ${what} (status ${response.status})${why}`, {
    status: response.status,
  })
}

async function ended(
  parts: Parts,
  response: OutboundResponse,
  what: string,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  if (response.status >= 300) throw refusal(parts, what, response)
  const monitor = response.headers['location']
  if (response.status !== 202 || !monitor) return 'done'
  return awaitTask(parts, monitor, what, signal)
}

const running = new Set(['New', 'Starting', 'Running', 'Pending', 'Stopping', 'Interrupted', 'Suspended', 'Service'])

async function awaitTask(parts: Parts, monitor: string, what: string, signal: AbortSignal): Promise<ActionOutcome> {
  const deadline = parts.clock.monotonicMs() + taskLimitMs
  for (let pauseMs = 200; parts.clock.monotonicMs() < deadline; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    await parts.clock.sleep(pauseMs, signal)
    const response = await send(parts, { path: monitor, signal })
    if (response.status === 404 || response.status === 410) return 'gone'
    if (response.status === 202) continue
    if (response.status >= 300) throw refusal(parts, what, response)
    const task = objectIn(response, `GET ${monitor}`)
    const state = task['TaskState']
    if (typeof state === 'string' && running.has(state)) continue
    if (state === 'Exception' || state === 'Killed' || state === 'Cancelled') {
      const said = messageOf(task)
      throw new Fault(
        'bmc_refused',
        `the BMC ${parts.info.origin} took ${what}, but its task ended as ${state}${said && `: ${said}`}`,
      )
    }
    return 'done'
  }
  return 'gone'
}
