import { Secret } from '@ferrite/shared/secret'
import { Fault } from '@ferrite/shared/fault'
import { version } from '@ferrite/shared/version'
import { bodyOf } from './body.ts'
import type { Body } from './body.ts'
import { shownUrl, userinfoAuthorization } from './image-url.ts'
import { framingOf, headEnd, maxHeadBytes, parseHead } from './response-head.ts'
import type { ResponseHead } from './response-head.ts'
import { Wire } from './wire.ts'
import type { WireOptions } from './wire.ts'

/** A credential that leaves only towards its own origin. */
export type BoundCredential = { origin: string; authorization: Secret }

/** What goes to the origin of the first URL: what was given, or else the URL's own user part. */
export function credentialFor(given: Secret | undefined, first: URL | undefined): BoundCredential | undefined {
  if (!first) return undefined
  const own = userinfoAuthorization(first)
  const authorization = given ?? (own === undefined ? undefined : new Secret(own))
  return authorization && { origin: first.origin, authorization }
}

export type GetOptions = WireOptions & {
  credential?: BoundCredential | undefined
  headers?: Readonly<Record<string, string>>
}

/** One answered GET: 200 or 206, its head read, its body still to come. */
export type Exchange = {
  url: URL
  head: ResponseHead
  body: Body
  /** Bytes of this body, null when the server does not say. */
  length: number | null
} & Disposable

const maxRedirects = 5
const redirects = new Set([301, 302, 303, 307, 308])

/**
 * GETs `start`, following at most five redirects, never from https to http, with the credential only for its own origin.
 * Fault image_unreachable (asking again can help: connection, 5xx, 408, 429) or image_refused (it cannot).
 */
export async function get(start: URL, options: GetOptions): Promise<Exchange> {
  let url = start
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const wire = await Wire.open(url, options)
    try {
      if (hop > 0) refuseLinkLocal(wire, url)
      wire.send(requestText(url, options))
      const head = await readHead(wire, url)
      if (!redirects.has(head.status)) return accepted(wire, url, head)
      url = target(url, head)
      wire[Symbol.dispose]()
    } catch (error) {
      wire[Symbol.dispose]()
      throw error
    }
  }
  throw new Fault('image_refused', `${shownUrl(start)} redirects more than ${maxRedirects} times`)
}

function accepted(wire: Wire, url: URL, head: ResponseHead): Exchange {
  if (head.status !== 200 && head.status !== 206) throw refusal(url, head)
  const framing = framingOf(head, wire.name)
  return {
    url,
    head,
    body: bodyOf(wire, framing),
    length: framing.kind === 'length' ? framing.length : null,
    [Symbol.dispose]: () => wire[Symbol.dispose](),
  }
}

function refusal(url: URL, { status, reason, headers }: ResponseHead): Fault {
  const passing = status >= 500 || status === 408 || status === 429
  const retryAfter = Number(headers.get('retry-after'))
  return new Fault(
    passing ? 'image_unreachable' : 'image_refused',
    `${shownUrl(url)} answered ${status}${reason && ` ${reason}`}`,
    { status, ...(retryAfter > 0 ? { retryAfterMs: Math.min(retryAfter * 1000, 30_000) } : {}) },
  )
}

function requestText(url: URL, { credential, headers = {} }: GetOptions): string {
  const authorization =
    credential?.origin === url.origin ? credential.authorization.reveal() : userinfoAuthorization(url)
  const fields: Record<string, string> = {
    host: url.host,
    'user-agent': `ferrite/${version}`,
    accept: '*/*',
    // A transparent decompression would make length, digest and resume lie.
    'accept-encoding': 'identity',
    connection: 'close',
    ...headers,
    ...(authorization === undefined ? {} : { authorization }),
  }
  const lines = Object.entries(fields).map(([name, value]) => {
    if (/[\r\n\0]/.test(value)) throw new Fault('invalid', `the value of the ${name} header has a line break in it`)
    return `${name}: ${value}`
  })
  return `GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

async function readHead(wire: Wire, url: URL): Promise<ResponseHead> {
  const buffer = new Uint8Array(maxHeadBytes)
  let filled = 0
  for (;;) {
    const end = headEnd(buffer.subarray(0, filled))
    if (end === -1) {
      if (filled === maxHeadBytes) throw new Fault('image_refused', `${shownUrl(url)} sent endless headers`)
      const got = await wire.read(buffer.subarray(filled), 1)
      if (got === 0) throw wire.failure ?? new Fault('image_unreachable', `${shownUrl(url)} closed without an answer`)
      filled += got
      continue
    }
    const head = parseHead(buffer.subarray(0, end), wire.name)
    if (head.status >= 200) {
      wire.unread(buffer.subarray(end, filled))
      return head
    }
    // 100 Continue and 103 Early Hints come before the answer proper.
    if (head.status === 101) throw new Fault('image_refused', `${shownUrl(url)} switched protocols unasked`)
    buffer.copyWithin(0, end, filled)
    filled -= end
  }
}

function target(from: URL, head: ResponseHead): URL {
  const location = head.headers.get('location')
  if (location === undefined) throw new Fault('image_refused', `${shownUrl(from)} redirects to nowhere`)
  const to = URL.parse(location, from)
  if (!to || !/^https?:$/.test(to.protocol)) {
    const where = to ? `a ${to.protocol} URL` : 'what is no URL'
    throw new Fault('image_refused', `${shownUrl(from)} redirects to ${where}; only http: and https: are followed`)
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new Fault('image_refused', `${shownUrl(from)} redirects from https to plain http`)
  }
  return to
}

// A redirect is the server's choice, not the operator's: it may not lead to a cloud's metadata service.
function refuseLinkLocal(wire: Wire, url: URL): void {
  const address = wire.remoteAddress.replace(/^::ffff:/i, '')
  if (/^169\.254\.|^fe[89ab][0-9a-f]:/i.test(address)) {
    throw new Fault('image_refused', `a redirect leads to the link-local address ${address} (${url.host})`)
  }
}
