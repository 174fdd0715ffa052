import { Fault } from '@ferrite/shared/fault'

export type ResponseHead = { status: number; reason: string; headers: ReadonlyMap<string, string> }

export const maxHeadBytes = 64 * 1024
const maxHeaders = 128

/** Where the head ends in `bytes` (after the empty line), or -1 when more is needed. A bare LF ends a line, too. */
export function headEnd(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3
  }
  return -1
}

/**
 * Parses status line and header fields (RFC 9112); `name` is the server's in messages. Fault image_refused for anything that
 * is not a plain HTTP/1.x head.
 */
export function parseHead(bytes: Uint8Array, name: string): ResponseHead {
  const [first = '', ...lines] = Buffer.from(bytes).toString('latin1').trimEnd().split(/\r?\n/)
  const match = /^HTTP\/1\.[01] ([1-9][0-9]{2})(?: (.*))?$/.exec(first)
  if (!match) throw new Fault('image_refused', `${name} does not answer in HTTP/1`)
  if (lines.length > maxHeaders) throw new Fault('image_refused', `${name} sent over ${maxHeaders} headers`)
  const headers = new Map<string, string>()
  for (const line of lines) addHeader(headers, line, name)
  return { status: Number(match[1]), reason: (match[2] ?? '').slice(0, 80), headers }
}

function addHeader(headers: Map<string, string>, line: string, server: string): void {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line)
  if (!match) throw new Fault('image_refused', `${server} sent a malformed header`)
  const name = (match[1] ?? '').toLowerCase()
  const value = match[2] ?? ''
  const before = headers.get(name)
  if (before !== undefined && name === 'content-length' && before !== value) {
    throw new Fault('image_refused', `${server} sent two different lengths`)
  }
  headers.set(name, before === undefined || name === 'content-length' ? value : `${before}, ${value}`)
}

export type Framing = { kind: 'length'; length: number } | { kind: 'chunked' } | { kind: 'close' }

/** How the body is delimited. Fault image_refused for an encoding that nobody asked for or an ambiguous length. */
export function framingOf({ headers }: ResponseHead, name: string): Framing {
  const encoding = headers.get('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity' && encoding !== '') {
    const advice = 'turn that off for images, so that they are sent as they are'
    throw new Fault('image_refused', `${name} applied the content encoding "${encoding}" unasked; ${advice}`)
  }
  const transfer = headers.get('transfer-encoding')?.toLowerCase()
  const length = headers.get('content-length')
  if (transfer !== undefined && transfer !== 'identity') {
    if (transfer !== 'chunked')
      throw new Fault('image_refused', `${name} uses the transfer encoding "${transfer}", which is not supported`)
    if (length !== undefined) throw new Fault('image_refused', `${name} sent both a length and chunks`)
    return { kind: 'chunked' }
  }
  if (length === undefined) return { kind: 'close' }
  if (!/^[0-9]{1,15}$/.test(length)) throw new Fault('image_refused', `${name} sent "${length}" as content length`)
  return { kind: 'length', length: Number(length) }
}

/** `bytes 10-99/100` → numbers; total null for `*`. Undefined when it is not a valid single range. */
export function contentRange(
  text: string | undefined,
): { start: number; end: number; total: number | null } | undefined {
  const match = /^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15}|\*)$/i.exec(text ?? '')
  if (!match) return undefined
  const [start, end] = [Number(match[1]), Number(match[2])]
  const total = match[3] === '*' ? null : Number(match[3])
  return start > end || (total !== null && end >= total) ? undefined : { start, end, total }
}

/**
 * What proves that two answers are parts of the same bytes: a strong ETag, or without any ETag a Last-Modified that was
 * at least a second old when it was sent (RFC 9110, 8.8.2.2).
 */
export function validatorOf({ headers }: ResponseHead): string | undefined {
  const etag = headers.get('etag')
  if (etag !== undefined) return /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag) ? etag : undefined
  const modified = Date.parse(headers.get('last-modified') ?? '')
  const sent = Date.parse(headers.get('date') ?? '')
  return sent - modified >= 1000 ? headers.get('last-modified') : undefined
}
