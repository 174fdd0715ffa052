import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Fault } from '@ferrite/shared/fault'
import { mediaFile } from '../../boot-media.ts'
import { byteRange } from '../byte-range.ts'
import { route, type Answer, type DeclaredRoute, type Request } from '../route.ts'
import { reads } from './defaults.ts'

const media = (method: 'GET' | 'HEAD'): DeclaredRoute =>
  route({
    ...reads,
    listener: 'ramdisk',
    method,
    path: '/ferrite/v1/media/:name',
    streams: true,
    since: 1,
    auth: 'ramdisk',
    answers: { 200: null, 206: null },
    handle: (call) => serve(call, method === 'HEAD'),
  })

/** Boot media for BMCs and firmware, which read with ranges and ask for the length first. */
export const mediaRoutes: readonly DeclaredRoute[] = [media('GET'), media('HEAD')]

async function serve(
  { api, params, headers, signal }: Pick<Request, 'api' | 'headers' | 'signal'> & { params: { name: string } },
  headOnly: boolean,
): Promise<Answer> {
  // The name is the permission: long, random, and gone when the boot is over.
  const file = mediaFile(api.config.state_dir, params.name)
  if (file === undefined) throw absent()
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!found?.isFile()) throw absent()
  const type = { 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' }
  const tag = `"${found.size.toString(16)}-${Math.trunc(found.mtimeMs).toString(16)}"`
  const about = { ...type, etag: tag, 'last-modified': found.mtime.toUTCString() }
  const range = byteRange(headers, found.size, tag)
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { ...type, 'content-range': `bytes */${found.size}` } }
  }
  const { start, end } = range ?? { start: 0, end: found.size - 1 }
  const sized = { ...about, 'content-length': String(end - start + 1) }
  const partial = range ? { 'content-range': `bytes ${start}-${end}/${found.size}` } : {}
  const answer = { status: range ? 206 : 200, headers: { ...sized, ...partial } }
  if (headOnly || found.size === 0) return answer
  return { ...answer, stream: createReadStream(file, { start, end, signal }) }
}

const absent = (): Fault => new Fault('not_found', 'There is no such boot medium.')
