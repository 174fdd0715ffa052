import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import { lookup } from 'node:dns'
import { Pool, type Dispatcher } from 'undici'
import { Fault, type FaultCode } from '@ferrite/shared/fault'
import { originOf, type BoundCredential } from './credential.ts'
import { readLimited } from './read-limited.ts'

/** Longest times in milliseconds, and the largest answer in bytes. */
export type OutboundLimits = {
  connectMs: number
  firstByteMs: number
  idleMs: number
  totalMs: number
  maxBytes: number
}
const defaultLimits: OutboundLimits = {
  connectMs: 5_000,
  firstByteMs: 20_000,
  idleMs: 20_000,
  totalMs: 30_000,
  maxBytes: 4 * 1024 * 1024,
}

export type OutboundOptions = {
  /** Scheme, host and port; a path is ignored. */
  origin: string
  /** Applied to every request of this client. */
  credential?: BoundCredential
  tls?: { ca?: string; insecure?: boolean; minVersion?: 'TLSv1.2' | 'TLSv1.3' }
  limits?: Partial<OutboundLimits>
  /** Code of the Fault when no answer came; its details say whether the request may have arrived (`sent`). */
  unreachable: FaultCode
  /** True for addresses that must not be dialled; asked with the address that DNS gave, which is then the one dialled. */
  deny?: (address: string) => boolean
  connections?: number
}

export type OutboundRequest = {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Absolute path, or a URL of the same origin (Fault off_origin otherwise). */
  path: string
  query?: Record<string, string>
  headers?: Record<string, string>
  /** Sent as JSON unless it is bytes or text. */
  body?: unknown
  /** Replaces the client's credential for this request; null sends none. */
  credential?: BoundCredential | null
  /** How many same-origin redirects to follow; none unless asked. */
  redirects?: number
  limits?: Partial<OutboundLimits>
  signal?: AbortSignal
}

export type OutboundResponse = {
  status: number
  /** Lower-case names; repeated ones joined by a comma. */
  headers: Readonly<Record<string, string>>
  body: Buffer
  text(): string
  /** The body as JSON, undefined when empty. Fault invalid when it is not JSON. */
  json(): unknown
}

export interface OutboundClient extends AsyncDisposable {
  readonly origin: string
  request(request: OutboundRequest): Promise<OutboundResponse>
}

/** The one way this process calls others over HTTP: one origin, its own credential, bounded in time and size. */
export function openOutbound(options: OutboundOptions): OutboundClient {
  const origin = originOf(options.origin)
  const limits = { ...defaultLimits, ...options.limits }
  const pool = new Pool(origin, {
    connections: options.connections ?? 4,
    pipelining: 1,
    headersTimeout: limits.firstByteMs,
    bodyTimeout: limits.idleMs,
    connect: {
      timeout: limits.connectMs,
      lookup: guardedLookup(options.deny),
      rejectUnauthorized: options.tls?.insecure !== true,
      minVersion: options.tls?.minVersion ?? 'TLSv1.2',
      ...(options.tls?.ca === undefined ? {} : { ca: options.tls.ca }),
    },
  })
  const client = { origin, options, limits, pool }
  return {
    origin,
    request: (request) => follow(client, request, request.redirects ?? 0),
    [Symbol.asyncDispose]: () => pool.destroy(),
  }
}

type Client = { origin: string; options: OutboundOptions; limits: OutboundLimits; pool: Pool }

async function follow(client: Client, request: OutboundRequest, redirects: number): Promise<OutboundResponse> {
  const response = await once(client, request)
  const location = response.headers['location']
  if (redirects <= 0 || !location || ![301, 302, 303, 307, 308].includes(response.status)) return response
  const target = new URL(location, new URL(request.path, client.origin))
  return follow(client, { ...request, path: target.href }, redirects - 1)
}

async function once(client: Client, request: OutboundRequest): Promise<OutboundResponse> {
  const limits = { ...client.limits, ...request.limits }
  const target = targetOf(client, request)
  const method = request.method ?? 'GET'
  const what = `${method} ${target.origin}${target.pathname}`
  const total = AbortSignal.timeout(limits.totalMs)
  const signal = request.signal ? AbortSignal.any([request.signal, total]) : total
  try {
    const answer = await client.pool.request({ method, signal, ...prepared(client, request, target, limits) })
    const headers = flatten(answer.headers)
    const body = await readLimited(answer.body, limits.maxBytes, what)
    return { status: answer.statusCode, headers, body, text: () => body.toString('utf8'), json: () => json(body, what) }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    request.signal?.throwIfAborted()
    throw unreachable(client, what, cause)
  }
}

function targetOf(client: Client, request: OutboundRequest): URL {
  const target = URL.parse(request.path, client.origin)
  if (!target) throw new Fault('invalid', `not a path: ${request.path.slice(0, 200)}`)
  if (target.origin !== client.origin || target.username || target.password) {
    throw new Fault('off_origin', `refused to leave ${client.origin} for ${target.origin}`)
  }
  const host = target.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) && client.options.deny?.(host)) {
    throw new Fault('off_origin', `the address ${host} must not be called`)
  }
  return target
}

function prepared(client: Client, request: OutboundRequest, target: URL, limits: OutboundLimits) {
  const credential = request.credential === null ? undefined : (request.credential ?? client.options.credential)
  const applied = credential?.appliedTo(client.origin)
  const url = new URL(target)
  for (const [name, value] of Object.entries({ ...request.query, ...applied?.query })) url.searchParams.set(name, value)
  const raw = request.body instanceof Uint8Array || typeof request.body === 'string'
  return {
    path: url.pathname + url.search,
    headersTimeout: limits.firstByteMs,
    bodyTimeout: limits.idleMs,
    headers: {
      accept: 'application/json',
      // A compressed answer could be far larger than its length says.
      'accept-encoding': 'identity',
      ...(request.body === undefined || raw ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
      ...applied?.headers,
    },
    body: request.body === undefined ? null : raw ? (request.body as string) : JSON.stringify(request.body),
  } satisfies Partial<Dispatcher.RequestOptions>
}

// Requests that certainly never left: no connection was made.
const notSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function unreachable(client: Client, what: string, cause: unknown): Fault {
  const code = (cause as { code?: unknown } | null)?.code
  const reason = typeof code === 'string' ? code : undefined
  const who = client.options.unreachable === 'bmc_unreachable' ? 'the BMC gives ' : ''
  return new Fault(client.options.unreachable, `${who}no answer to ${what}`, {
    cause,
    reason,
    sent: reason === undefined || !notSent.has(reason),
  })
}

function guardedLookup(deny: OutboundOptions['deny']): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, address, family) => {
      const found = Array.isArray(address) ? address.map((one) => one.address) : [address]
      const denied = error ? undefined : found.find((one) => deny?.(one))
      if (denied === undefined) return callback(error, address, family)
      callback(new Fault('off_origin', `${hostname} resolves to ${denied}, which must not be called`), address, family)
    })
  }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}

function json(body: Buffer, what: string): unknown {
  if (body.length === 0) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new Fault('invalid', `the answer to ${what} is not JSON`, { cause })
  }
}
