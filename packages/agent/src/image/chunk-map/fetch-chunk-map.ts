import { createHash } from 'node:crypto'
import { Fault } from '@ferrite/shared/fault'
import type { Digest } from '../checksum.ts'
import { download } from '../http/download.ts'
import { imageUrl, shownUrl } from '../http/image-url.ts'
import type { WriteRequest } from '../request.ts'
import { parseChunkMap } from './chunk-map.ts'
import type { ChunkMap } from './chunk-map.ts'
import { MapSource } from './map-source.ts'

/** A TiB in chunks of 4 MiB takes 35. */
const maxMapBytes = 64 * 1024 * 1024

export type ChunkMapRef = { url: string; digest: Digest }

/** The image as its map tells; the map is fetched and checked first. */
export async function openMap(request: WriteRequest, ref: ChunkMapRef, signal: AbortSignal): Promise<MapSource> {
  return new MapSource(request, await fetchChunkMap(request, ref, signal), signal)
}

/** Downloads the map and compares it with what the deployment pins: its own digest, and the image's where that is given. */
async function fetchChunkMap(request: WriteRequest, ref: ChunkMapRef, signal: AbortSignal): Promise<ChunkMap> {
  const { authorization, tls, limits, digest } = request
  const url = imageUrl(ref.url)
  const isSameOrigin = url.origin === imageUrl(request.urls[0] ?? '').origin
  const bytes = await download(
    {
      urls: [ref.url],
      limits,
      maxBytes: maxMapBytes,
      ...(tls ? { tls } : {}),
      ...(authorization && isSameOrigin ? { authorization } : {}),
    },
    signal,
  )
  const { algorithm, value } = ref.digest
  const found = createHash(algorithm).update(bytes).digest('hex')
  if (found !== value) {
    const message = `the ${algorithm} of the chunk map ${shownUrl(url)} is ${found}, but ${value} was expected`
    throw new Fault('image_digest_mismatch', message, { algorithm, expected: value, found })
  }
  const map = parseChunkMap(Buffer.from(bytes).toString('utf8'))
  if (
    digest &&
    'value' in digest &&
    digest.algorithm === 'sha256' &&
    digest.value.toLowerCase() !== map.source.sha256
  ) {
    const message = `the chunk map ${shownUrl(url)} is of another image than the one with the sha256 ${digest.value}`
    throw new Fault('image_digest_mismatch', message, { expected: digest.value, found: map.source.sha256 })
  }
  return map
}
