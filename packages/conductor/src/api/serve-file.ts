import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Fault } from '@ferrite/shared/fault'
import { byteRange } from './byte-range.ts'
import type { Answer, Request } from './route.ts'

export type Served = {
  path: string
  /** Strong validator; made of size and time when left out. */
  tag?: string
  headOnly: boolean
  /** Told how many bytes of how many have left, when the answer begins, each MiB or so, and at its end. */
  onBytes?: (sent: number, total: number, ended: boolean) => void
}

const stepBytes = 1024 * 1024

/** A file of ours as an answer: whole or the one range that was asked for. Fault not_found when it is not there. */
export async function serveFile(
  { headers, signal }: Pick<Request, 'headers' | 'signal'>,
  { path, tag, headOnly, onBytes }: Served,
): Promise<Answer> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!found?.isFile()) throw new Fault('not_found', 'There is no such boot file.')
  const { size } = found
  const etag = `"${tag ?? `${size.toString(16)}-${Math.trunc(found.mtimeMs).toString(16)}`}"`
  const type = { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' }
  const range = byteRange(headers, size, etag)
  if (range === 'unsatisfiable') return { status: 416, headers: { ...type, 'content-range': `bytes */${size}` } }
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const answer = {
    status: range ? 206 : 200,
    headers: {
      ...type,
      etag,
      'content-length': String(end - start + 1),
      ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
    },
  }
  if (headOnly || size === 0) return answer
  const stream = createReadStream(path, { start, end, signal })
  if (onBytes) watch(stream, { start, end, size }, onBytes)
  return { ...answer, stream }
}

type Part = { start: number; end: number; size: number }

function watch(stream: ReturnType<typeof createReadStream>, part: Part, onBytes: NonNullable<Served['onBytes']>): void {
  let sent = part.start
  let told = part.start
  onBytes(sent, part.size, false)
  stream.on('data', (chunk) => {
    sent += chunk.length
    if (sent - told < stepBytes) return
    told = sent
    onBytes(sent, part.size, false)
  })
  stream.once('close', () => onBytes(sent, part.size, true))
  // `close` tells the end, whatever ended it; the error itself is the server's to handle.
  stream.on('error', () => undefined)
}
