import { setTimeout as delay } from 'node:timers/promises'
import { CommandError, exitForStatus } from './exit.ts'

/** The newest microversion that this program was written against. */
const newestMinor = 115
const requestTimeoutMs = 60_000
const retryForMs = 30_000

export type Query = Record<string, string | number | boolean | undefined>
export type Request = { body?: unknown; query?: Query; headers?: Record<string, string>; timeoutMs?: number }
export type HttpOptions = { url: string; token?: string | undefined; signal?: AbortSignal | undefined }

/** Requests to one conductor: versions agreed on, locked nodes asked again, errors in the server's own words. */
export type Http = {
  readonly url: string
  /** The answer's JSON; undefined where it has no body. Throws CommandError. */
  json(method: string, path: string, request?: Request): Promise<unknown>
  /** The answer itself, unread, once its status is good. No time limit on the body. */
  open(method: string, path: string, request?: Request & { signal?: AbortSignal }): Promise<Response>
}

/** Requests for the conductor at `url`. Nothing is sent yet. */
export function openHttp({ url, token, signal }: HttpOptions): Http {
  const base = baseUrl(url)
  const agreed = { minor: newestMinor }
  const send = async (method: string, path: string, request: Request, signals: AbortSignal[]): Promise<Response> => {
    const target = new URL(base + path)
    for (const [key, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) target.searchParams.set(key, String(value))
    }
    const headers: Record<string, string> = {
      'x-openstack-ironic-api-version': `1.${agreed.minor}`,
      accept: 'application/json',
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
      ...(token && { 'x-auth-token': token, authorization: `Bearer ${token}` }),
      ...request.headers,
    }
    try {
      return await fetch(target, {
        method,
        headers,
        redirect: 'error',
        signal: AbortSignal.any(signals),
        ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
      })
    } catch (cause) {
      throw notReached(base, cause, signals)
    }
  }
  const good = async (method: string, path: string, request: Request, signals: AbortSignal[]): Promise<Response> => {
    const until = performance.now() + retryForMs
    for (let attempt = 0; ; attempt += 1) {
      const response = await send(method, path, request, signals)
      if (response.ok) return response
      const sentence = await errorSentence(response)
      if (response.status === 406 && lowerMinor(response, agreed)) continue
      const pause = Math.min(250 * 2 ** attempt, 3000)
      if (!worthRepeating(response, sentence) || performance.now() + pause > until) {
        throw new CommandError(exitForStatus(response.status), sentence, { status: response.status })
      }
      await delay(pause, undefined, signal ? { signal } : {})
    }
  }
  const always = signal ? [signal] : []
  return {
    url: base,
    async json(method, path, request = {}) {
      const limit = AbortSignal.timeout(request.timeoutMs ?? requestTimeoutMs)
      const response = await good(method, path, request, [...always, limit])
      return parsed(base, await response.text())
    },
    open: (method, path, request = {}) =>
      good(method, path, request, request.signal ? [...always, request.signal] : always),
  }
}

function baseUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw new CommandError('usage', `--url ${url} is no http(s) URL; expected for example http://127.0.0.1:6385`)
  }
  return url.replace(/\/+(v1\/?)?$/, '')
}

function notReached(base: string, cause: unknown, signals: AbortSignal[]): unknown {
  const stopped = signals.find(({ aborted }) => aborted)
  if (stopped?.reason instanceof CommandError) return stopped.reason
  if (stopped) return new CommandError('timeout', `${base} did not answer in time`, { cause })
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return new CommandError('unreachable', `cannot reach the conductor at ${base} (is it running? see --url)`, {
    cause: reason,
  })
}

/** True when the server knows only older microversions and the next attempt uses its newest. */
function lowerMinor(response: Response, agreed: { minor: number }): boolean {
  const theirs = Number(/^1\.(\d+)$/.exec(response.headers.get('x-openstack-ironic-api-maximum-version') ?? '')?.[1])
  if (!(theirs > 0) || theirs >= agreed.minor) return false
  agreed.minor = theirs
  return true
}

// Ironic answers 409 for duplicates and for locks alike; only a lock goes away by waiting, and only its text tells.
const worthRepeating = (response: Response, sentence: string): boolean =>
  response.status === 503 || (response.status === 409 && /is locked by host/.test(sentence))

/** The sentence inside of Ironic's envelope: `error_message` holds a JSON document as text, or an object. */
async function errorSentence(response: Response): Promise<string> {
  const text = await response.text()
  const outer = tryJson(text)
  const inner = isObject(outer) ? (outer['error_message'] ?? outer) : outer
  const fault = typeof inner === 'string' ? (tryJson(inner) ?? inner) : inner
  if (typeof fault === 'string' && fault) return fault
  if (isObject(fault)) {
    const sentence = fault['faultstring'] ?? fault['detail'] ?? fault['description'] ?? fault['title']
    if (typeof sentence === 'string' && sentence) return sentence
  }
  return `the conductor answered ${response.status} ${response.statusText}`.trim()
}

function parsed(base: string, text: string): unknown {
  if (text === '') return undefined
  const value = tryJson(text)
  if (value === undefined) throw new CommandError('failed', `${base} answered with something that is no JSON`)
  return value
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
