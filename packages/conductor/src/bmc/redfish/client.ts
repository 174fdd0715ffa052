import type { Logger } from 'pino'
import { Fault } from '@ferrite/shared/fault'
import type { Clock } from '../../core/clock.ts'
import { openOutbound } from '../../outbound/client.ts'
import type { OutboundClient, OutboundRequest, OutboundResponse } from '../../outbound/client.ts'
import type { Budget } from '../budget.ts'
import { bmcBudget } from '../budget.ts'
import { bodyIn, messageIdsIn, messageIn, messageOf, objectIn, property, relatedIn } from './answer.ts'
import { tlsFor } from './driver-info.ts'
import type { RedfishInfo } from './driver-info.ts'
import { ownPath } from './links.ts'
import { patient } from './patience.ts'
import { changePassword, loginFor } from './session.ts'
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
  const change = (tag?: string) =>
    send(parts, { method: 'PATCH', path, body, headers: tag === undefined ? {} : { 'if-match': tag }, signal })
  // Weak and empty tags are shown by BMCs that then refuse them; others insist on a tag, whatever it looks like.
  const strong = etag !== undefined && /^"[^"]+"$/.test(etag) ? etag : undefined
  let response = await change(strong)
  if (response.status === 412 && strong) response = await change()
  if (wantsTag(response)) {
    const fresh = (await get(parts, path, signal)).etag
    if (fresh) response = await change(fresh)
    if (fresh?.startsWith('W/') && wantsTag(response)) response = await change(fresh.slice(2))
  }
  return ended(parts, response, `PATCH ${path}`, signal)
}

const wantsTag = ({ status }: OutboundResponse): boolean => status === 412 || status === 428

/** One request, with a login where needed, and one new login after a 401. */
async function send(parts: Parts, request: OutboundRequest): Promise<OutboundResponse> {
  const credential = await parts.login.credential()
  const response = await parts.client.request({ ...request, credential })
  if (response.status !== 401 || !parts.login.refused(credential)) return response
  return parts.client.request({ ...request, credential: await parts.login.credential() })
}

function refusal(parts: Parts, what: string, response: OutboundResponse): Fault {
  const said = messageIn(response)
  const ids = messageIdsIn(response)
  const advice = adviceFor(response.status, ids)
  const text = `the BMC ${parts.info.origin} refuses ${what} (status ${response.status})${said && `: ${said}`}${advice}`
  return new Fault('bmc_refused', text, { status: response.status, ids, said, related: relatedIn(response) })
}

async function ended(
  parts: Parts,
  response: OutboundResponse,
  what: string,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  if (response.status >= 300) throw refusal(parts, what, response)
  const monitor = response.status === 202 ? monitorOf(response) : undefined
  return monitor === undefined ? 'done' : awaitTask(parts, monitor, what, signal)
}

function adviceFor(status: number, ids: readonly string[]): string {
  if (ids.includes('PasswordChangeRequired')) return `; ${changePassword}`
  return status === 401 ? '; is driver_info/redfish_username or redfish_password wrong?' : ''
}

/** Where to ask how it ended: BMCs say so in a header, or only in the task that they answer with. */
function monitorOf(response: OutboundResponse): string | undefined {
  const location = response.headers['location']
  if (location) return ownPath(location)
  // Anything else that comes with it says nothing: the order is taken, and the state will tell.
  const task = bodyIn(response)
  const isTask = String(property(task, '@odata.type')).startsWith('#Task.')
  const own = property(task, 'TaskMonitor') ?? property(task, '@odata.id')
  return isTask && typeof own === 'string' ? own : undefined
}

const failed = new Set(['Exception', 'Killed', 'Cancelled'])
const running = new Set([
  'New',
  'Starting',
  'Running',
  'Pending',
  'Stopping',
  'Interrupted',
  'Suspended',
  'Service',
  'Cancelling',
])

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
    if (failed.has(String(state)) || (state === 'Completed' && task['TaskStatus'] === 'Critical')) {
      const said = messageOf(task)
      throw new Fault(
        'bmc_refused',
        `the BMC ${parts.info.origin} took ${what}, but its task ended as ${String(state)}${said && `: ${said}`}`,
      )
    }
    return 'done'
  }
  return 'gone'
}
