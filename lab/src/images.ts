import { createHash } from 'node:crypto'
import { open, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ImageFaults } from './faults.ts'

export type LabImage = { url: string; name: string; size: number; sha256: string; sha512: string }
type Served = { size: number; etag: string; read(from: number, length: number): Promise<Uint8Array> }
export type ImageRequest = {
  method: string
  name: string
  range: string | undefined
  authorization: string | undefined
}

export type Images = AsyncDisposable & {
  readonly url: string
  /** Serves these bytes, or this file, under `/{name}`. Sums are worked out at once. */
  add(name: string, from: Uint8Array | { file: string }): Promise<LabImage>
  /** What is wrong with this image from now on; `{}` heals it. */
  fault(name: string, faults: ImageFaults): void
  readonly requests: ImageRequest[]
}

/** An image server that knows Range and ETag, and does wrong what it is told to. */
export async function openImages(): Promise<Images> {
  const served = new Map<string, Served>()
  const faults = new Map<string, ImageFaults>()
  const requests: ImageRequest[] = []
  const closing = new AbortController()

  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '/').slice(1).split('?')[0] ?? '')
    requests.push({
      method: request.method ?? '',
      name,
      range: request.headers.range,
      authorization: request.headers.authorization,
    })
    answer(request, response, served.get(name), faults.get(name) ?? {}, closing.signal).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    requests,
    async add(name, from) {
      const image = from instanceof Uint8Array ? fromBytes(from) : await fromFile(from.file)
      served.set(name, image)
      const sums = await sumsOf(image)
      return { url: `${url}/${encodeURIComponent(name)}`, name, size: image.size, ...sums }
    },
    fault(name, what) {
      faults.set(name, what)
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const fromBytes = (bytes: Uint8Array): Served => ({
  size: bytes.length,
  etag: createHash('sha1').update(bytes).digest('hex'),
  read: (from, length) => Promise.resolve(bytes.subarray(from, from + length)),
})

async function fromFile(file: string): Promise<Served> {
  const { size, mtimeMs } = await stat(file)
  return {
    size,
    etag: `${size.toString(16)}-${Math.round(mtimeMs).toString(16)}`,
    async read(from, length) {
      await using handle = await open(file, 'r')
      const bytes = new Uint8Array(length)
      const { bytesRead } = await handle.read(bytes, 0, length, from)
      return bytes.subarray(0, bytesRead)
    },
  }
}

const block = 256 * 1024

async function sumsOf(image: Served): Promise<{ sha256: string; sha512: string }> {
  const [sha256, sha512] = [createHash('sha256'), createHash('sha512')]
  for (let at = 0; at < image.size; at += 4 * 1024 * 1024) {
    const bytes = await image.read(at, Math.min(4 * 1024 * 1024, image.size - at))
    sha256.update(bytes)
    sha512.update(bytes)
  }
  return { sha256: sha256.digest('hex'), sha512: sha512.digest('hex') }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  image: Served | undefined,
  faults: ImageFaults,
  signal: AbortSignal,
): Promise<void> {
  if (faults.firstByteAfterMs) await delay(faults.firstByteAfterMs, undefined, { signal })
  if (faults.redirectTo) return void response.writeHead(302, { Location: faults.redirectTo }).end()
  if (!image || faults.status) return void response.writeHead(faults.status ?? 404).end()
  const size = Math.min(faults.shortenTo ?? image.size, image.size)
  const etag = faults.changingEtag ? `"${image.etag}-${Math.random()}"` : `"${image.etag}"`
  const range = rangeOf(request, etag, size, faults)
  if (range === 'beyond') return void response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end()
  const [from, to] = range ?? [0, size]
  response.writeHead(range ? 206 : 200, {
    'Content-Type': 'application/octet-stream',
    'Accept-Ranges': faults.ignoreRange ? 'none' : 'bytes',
    ETag: etag,
    ...(range ? { 'Content-Range': `bytes ${from}-${to - 1}/${size}` } : {}),
    ...(faults.chunked ? {} : { 'Content-Length': faults.claimLength ?? to - from }),
    ...(faults.contentEncoding ? { 'Content-Encoding': faults.contentEncoding } : {}),
  })
  if (request.method === 'HEAD') return void response.end()
  response.flushHeaders()
  await sendBody(response, image, { from, to }, faults, signal)
}

function rangeOf(
  request: IncomingMessage,
  etag: string,
  size: number,
  faults: ImageFaults,
): readonly [number, number] | 'beyond' | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const condition = request.headers['if-range']
  if (!match || faults.ignoreRange || (condition !== undefined && condition !== etag)) return undefined
  const from = Number(match[1])
  if (from >= size) return 'beyond'
  return [from, match[2] ? Math.min(Number(match[2]) + 1, size) : size]
}

async function sendBody(
  response: ServerResponse,
  image: Served,
  { from, to }: { from: number; to: number },
  faults: ImageFaults,
  signal: AbortSignal,
): Promise<void> {
  const stallAt = takeTurn(faults, 'stallAt', 'stalls')
  const truncateAt = takeTurn(faults, 'truncateAt', 'truncations')
  const end = Math.min(to, stallAt ?? to, truncateAt ?? to)
  for (let at = from; at < end;) {
    const bytes = Uint8Array.from(await image.read(at, Math.min(block, end - at)))
    if (bytes.length === 0) break
    const flip = faults.flipByte === undefined ? -1 : faults.flipByte - at
    if (flip >= 0 && flip < bytes.length) bytes[flip] = (bytes[flip] ?? 0) ^ 1
    at += bytes.length
    if (!response.write(bytes)) await drained(response)
    if (response.destroyed) return
    if (faults.bytesPerSecond) await delay((bytes.length / faults.bytesPerSecond) * 1000, undefined, { signal })
  }
  if (stallAt !== undefined && stallAt < to) return faults.onStall?.()
  if (truncateAt !== undefined && truncateAt < to) return void setImmediate(() => response.destroy())
  response.end(() => faults.onSent?.())
}

/** The fault's offset while it has turns left; no number of turns means always. */
function takeTurn(
  faults: ImageFaults,
  at: 'stallAt' | 'truncateAt',
  turns: 'stalls' | 'truncations',
): number | undefined {
  const left = faults[turns]
  if (left === undefined) return faults[at]
  faults[turns] = left - 1
  return left > 0 ? faults[at] : undefined
}

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
  })
