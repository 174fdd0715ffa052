import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { Agent, request } from 'undici'
import { Fault } from '@ferrite/shared/fault'
import { readLimited } from './read-limited.ts'

export type Validators = { etag?: string | undefined; lastModified?: string | undefined }
export type Downloaded = Validators & { digest: string; size: number }

const limits = { connectMs: 10_000, firstByteMs: 30_000, idleMs: 30_000 }
const mostRedirects = 3

/**
 * Brings a file by http(s) to `target`, hashing it (sha256) on the way; `unchanged` when the server says that what
 * `known` describes is still what it has. Fault image_unreachable, image_refused, image_truncated, too_large.
 */
export async function download(
  url: string,
  target: string,
  options: { known?: Validators; maxBytes: number; signal: AbortSignal },
): Promise<Downloaded | 'unchanged'> {
  const agent = new Agent({ connect: { timeout: limits.connectMs } })
  try {
    return await follow(agent, new URL(url), target, options, mostRedirects)
  } catch (cause) {
    options.signal.throwIfAborted()
    if (cause instanceof Fault) throw cause
    throw new Fault('image_unreachable', `cannot fetch ${shown(new URL(url))}`, { cause })
  } finally {
    await agent.destroy()
  }
}

type Options = Parameters<typeof download>[2]

async function follow(
  agent: Agent,
  url: URL,
  target: string,
  options: Options,
  hops: number,
): Promise<Downloaded | 'unchanged'> {
  const { etag, lastModified } = options.known ?? {}
  const answer = await request(url, {
    dispatcher: agent,
    signal: options.signal,
    headersTimeout: limits.firstByteMs,
    bodyTimeout: limits.idleMs,
    headers: {
      'accept-encoding': 'identity',
      ...(etag ? { 'if-none-match': etag } : {}),
      ...(!etag && lastModified ? { 'if-modified-since': lastModified } : {}),
    },
  })
  const { statusCode: status, headers } = answer
  if (status === 200) return keep(answer.body, headers, target, url, options)
  await readLimited(answer.body, 64 * 1024, shown(url)).catch(() => undefined)
  if (status === 304 && (etag ?? lastModified)) return 'unchanged'
  const location = headers['location']
  if (status >= 301 && status <= 308 && typeof location === 'string' && hops > 0) {
    const next = new URL(location, url)
    // Within its origin only: a server may not send us where its operator did not.
    if (next.origin === url.origin) return follow(agent, next, target, options, hops - 1)
    throw new Fault('image_refused', `${shown(url)} leads to another server, ${next.origin}, which is not followed`)
  }
  throw new Fault('image_refused', `the server answered ${status} for ${shown(url)}`, { status })
}

async function keep(
  body: AsyncIterable<unknown>,
  headers: Record<string, string | string[] | undefined>,
  target: string,
  url: URL,
  { maxBytes }: Options,
): Promise<Downloaded> {
  await using file = await open(target, 'w', 0o600)
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of body) {
    const bytes = chunk as Buffer
    size += bytes.length
    if (size > maxBytes) throw new Fault('too_large', `${shown(url)} is larger than ${maxBytes} bytes`)
    hash.update(bytes)
    await file.writeFile(bytes)
  }
  const length = text(headers['content-length'])
  if (length !== undefined && Number(length) !== size) {
    throw new Fault('image_truncated', `${shown(url)} ended after ${size} of ${length} bytes`)
  }
  await file.sync()
  return { digest: hash.digest('hex'), size, etag: text(headers['etag']), lastModified: text(headers['last-modified']) }
}

const text = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined
const shown = (url: URL): string => `${url.origin}${url.pathname}`
