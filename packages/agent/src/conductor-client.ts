import { request } from 'undici'
import type { Dispatcher } from 'undici'
import { z } from 'zod'
import type { Logger } from 'pino'
import { Fault, explain } from '@ferrite/shared/fault'
import { heartbeatFieldsSince, lookupAnswer } from '@ferrite/shared/contracts/callback'
import type { Heartbeat, LookupAnswer, LookupConfig, ProgressReport } from '@ferrite/shared/contracts/callback'

export type Found = { node: LookupAnswer['node']; config: LookupConfig }

/** The API that this agent reports to: one of `urls`; the one that answered last is tried first. */
export interface ConductorClient {
  /** Minor version of the API, asked once; 31 when the API does not say. */
  minorVersion(signal: AbortSignal): Promise<number>
  /** Fault conflict: the node is locked, ask again. Fault lookup_failed: anything else that is not an answer. */
  lookup(addresses: readonly string[], signal: AbortSignal, nodeUuid?: string): Promise<Found>
  /** Sends what an inspection found to a URL of its own, and returns what was said to it. */
  inspected(url: string, data: unknown, signal: AbortSignal): Promise<{ status: number; text: string }>
  /** Leaves out the fields that the API's version does not know. Only 202 counts; else a Fault. */
  heartbeat(nodeUuid: string, body: Heartbeat, signal: AbortSignal): Promise<void>
  /** To a path on the origin that answered the lookup, and nowhere else. */
  progress(path: string, report: ProgressReport, signal: AbortSignal): Promise<void>
  /** The URL that answered last. */
  url(): string
}

export type ConductorClientOptions = {
  urls: readonly string[]
  dispatcher: Dispatcher
  timeoutMs: number
  log: Logger
  /** "1.NN"; asked for when absent. */
  version?: string | undefined
  globalRequestId?: string | undefined
}

const oldestMinor = 31
const lookupMinor = 62
const newestMinor = 68
const inspectionMinor = 84
const maxAnswerBytes = 8 * 1024 * 1024

type Asked = { method: 'GET' | 'POST'; path: string; minor?: number; body?: unknown }
type Answer = { status: number; text: string }

export function conductorClient(options: ConductorClientOptions): ConductorClient {
  let urls = [...options.urls]
  let minor = options.version === undefined ? undefined : Number(options.version.split('.')[1])

  async function ask(asked: Asked, signal: AbortSignal): Promise<Answer> {
    let last: unknown
    for (const url of urls) {
      try {
        const answer = await send(options, url, asked, signal)
        urls = [url, ...urls.filter((other) => other !== url)]
        return answer
      } catch (error) {
        signal.throwIfAborted()
        last = error
        options.log.warn({ url, err: explain(error) }, 'the API did not answer')
      }
    }
    throw new Fault('lookup_failed', `no API answered ${asked.method} ${asked.path.split('?')[0]}`, { cause: last })
  }

  async function minorVersion(signal: AbortSignal): Promise<number> {
    if (minor !== undefined) return minor
    const found = versionIn(await ask({ method: 'GET', path: '/' }, signal))
    if (found === undefined) options.log.warn({ assumed: `1.${oldestMinor}` }, 'the API does not tell its version')
    else minor = found
    return found ?? oldestMinor
  }

  return {
    minorVersion,
    url: () => urls[0] ?? '',
    async inspected(url, data, signal) {
      const { origin } = new URL(url)
      const ours = urls.some((one) => new URL(one).origin === origin)
      const version = ours ? await minorVersion(signal) : 0
      // Older APIs, and ironic-inspector, are spoken to without a version.
      const asked = { method: 'POST', path: url.slice(origin.length), body: data } as const
      return send(options, origin, version >= inspectionMinor ? { ...asked, minor: inspectionMinor } : asked, signal)
    },
    async lookup(addresses, signal, nodeUuid) {
      const known = nodeUuid === undefined ? '' : `&node_uuid=${encodeURIComponent(nodeUuid)}`
      const path = `/v1/lookup?addresses=${encodeURIComponent(addresses.join(','))}${known}`
      const version = Math.min(await minorVersion(signal), lookupMinor)
      return found(await ask({ method: 'GET', path, minor: version }, signal))
    },
    async heartbeat(nodeUuid, body, signal) {
      const version = Math.min(await minorVersion(signal), newestMinor)
      const path = `/v1/heartbeat/${encodeURIComponent(nodeUuid)}`
      const answer = await ask({ method: 'POST', path, minor: version, body: knownAt(version, body) }, signal)
      if (answer.status !== 202) throw refused('the heartbeat was refused', answer)
    },
    async progress(path, report, signal) {
      const answer = await ask({ method: 'POST', path, body: report }, signal)
      if (answer.status >= 300) throw refused('the progress report was refused', answer)
    },
  }
}

async function send(options: ConductorClientOptions, base: string, asked: Asked, signal: AbortSignal): Promise<Answer> {
  const { timeoutMs, dispatcher, globalRequestId } = options
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const answer = await request(`${base}${asked.path}`, {
    method: asked.method,
    dispatcher,
    signal: limit,
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(asked.minor === undefined ? {} : { 'x-openstack-ironic-api-version': `1.${asked.minor}` }),
      ...(globalRequestId === undefined ? {} : { 'x-openstack-request-id': globalRequestId }),
    },
    body: asked.body === undefined ? null : JSON.stringify(asked.body),
  })
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer.body) {
    const part = chunk as Buffer
    bytes += part.length
    if (bytes > maxAnswerBytes) throw new Fault('too_large', `the API's answer is longer than ${maxAnswerBytes} bytes`)
    chunks.push(part)
  }
  return { status: answer.statusCode, text: Buffer.concat(chunks).toString('utf8') }
}

const root = z.looseObject({ default_version: z.looseObject({ version: z.string().regex(/^1\.\d+$/) }) })

/** Fault lookup_failed for a server in trouble: an agent that took it for an old one would do without its token. */
function versionIn(answer: Answer): number | undefined {
  if (answer.status >= 500 || answer.status === 429) throw refused('the question for its version was refused', answer)
  const parsed = root.safeParse(json(answer.text))
  return parsed.success ? Number(parsed.data.default_version.version.split('.')[1]) : undefined
}

function found(answer: Answer): Found {
  if (answer.status === 409) {
    throw new Fault('conflict', 'the node is locked while it is looked up', { cause: said(answer) })
  }
  if (answer.status !== 200) throw refused('the lookup was refused', answer)
  const parsed = lookupAnswer.safeParse(json(answer.text))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue?.path.join('.')
    throw new Fault('lookup_failed', `the lookup's answer is not one: ${where || 'body'}: ${issue?.message}`)
  }
  const { node, config, heartbeat_timeout } = parsed.data
  if (config) return { node, config }
  if (heartbeat_timeout === undefined) throw new Fault('lookup_failed', "the lookup's answer has no config")
  return { node, config: { heartbeat_timeout } }
}

function knownAt(minor: number, body: Heartbeat): Partial<Heartbeat> {
  const since: Partial<Record<string, number>> = heartbeatFieldsSince
  return Object.fromEntries(Object.entries(body).filter(([field]) => minor >= (since[field] ?? 0)))
}

const refused = (what: string, answer: Answer): Fault =>
  new Fault('lookup_failed', `${what} with ${answer.status}`, { cause: said(answer), status: answer.status })

/** The reason in an error answer: Ironic wraps a JSON-encoded string, others a plain object, proxies say HTML. */
function said(answer: Answer): string {
  const body = json(answer.text)
  const outer = isObject(body) && 'error_message' in body ? body['error_message'] : body
  const inner = typeof outer === 'string' ? json(outer) : outer
  const reason = isObject(inner) ? (inner['faultstring'] ?? inner['title'] ?? inner['detail']) : outer
  return typeof reason === 'string' ? reason.slice(0, 500) : answer.text.slice(0, 200)
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
