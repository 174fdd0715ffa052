import { createHash } from 'node:crypto'
import { Fault } from '@ferrite/shared/fault'
import { expectedDigest } from '../checksum.ts'
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

/**
 * The image as its map tells; the map is fetched and checked first, against the image's checksum too where that is given.
 * One that is no sha256, which the map does not have, is left for the disk to prove.
 */
export async function openMap(request: WriteRequest, ref: ChunkMapRef, signal: AbortSignal): Promise<MapSource> {
  const map = await fetchChunkMap(request, ref, signal)
  const given = request.digest ? await expectedDigest(request, signal) : undefined
  if (given?.algorithm === 'sha256' && given.value !== map.source.sha256) {
    const message = `the chunk map ${shownUrl(imageUrl(ref.url))} is of another image than the one with the sha256 ${given.value}`
    throw new Fault('image_digest_mismatch', message, { expected: given.value, found: map.source.sha256 })
  }
  return new MapSource(request, map, signal, given?.algorithm === 'sha256' ? undefined : given)
}

/** Downloads the map and compares it with its own digest, which is what the deployment pins. */
async function fetchChunkMap(request: WriteRequest, ref: ChunkMapRef, signal: AbortSignal): Promise<ChunkMap> {
  const { authorization, tls, limits } = request
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
  return parseChunkMap(Buffer.from(bytes).toString('utf8'))
}
