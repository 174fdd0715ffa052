import { Fault } from '@ferrite/shared/fault'
import type { ByteSource } from '../byte-source.ts'
import { Digester } from '../digester.ts'
import { detectFormat, detectionBytes } from '../format/detect-format.ts'
import { imageFormats } from '../format/image-formats.ts'
import { SlabPool, slabBytes } from '../slab-pool.ts'
import type { Slab } from '../slab-pool.ts'
import { isBlank } from '../zero-runs.ts'
import { ChunkHashers } from './chunk-hashers.ts'
import { minChunkBytes } from './chunk-map.ts'
import type { Chunk, ChunkMap } from './chunk-map.ts'

const slabs = 6

/** Makes the chunk map of a raw image. Fault unsupported for any other format, invalid for a chunk size that cannot be. */
export async function indexImage(source: ByteSource, chunkSize = slabBytes): Promise<ChunkMap> {
  if (chunkSize < minChunkBytes || chunkSize > slabBytes || chunkSize % 4096 !== 0 || slabBytes % chunkSize !== 0) {
    throw new Fault('invalid', 'the chunk size must be 64 KiB, 128 KiB and so on, up to 4 MiB')
  }
  const pool = new SlabPool(slabs)
  await using digester = new Digester(pool.memory, 'sha256')
  await using hashers = new ChunkHashers(pool.memory)
  const chunks: Promise<Chunk>[] = []
  let size = 0
  for (;;) {
    const slab = await pool.take()
    const length = await source.read(slab.bytes)
    if (size === 0) refuseUnlessRaw(slab.bytes.subarray(0, Math.min(length, detectionBytes)))
    const own = chunksOf({ slab, length, position: size, chunkSize }, hashers)
    chunks.push(...own)
    const hashed = length > 0 ? digester.hash({ offset: slab.offset, bytes: length }) : Promise.resolve()
    void Promise.allSettled([hashed, ...own]).then(() => pool.give(slab))
    size += length
    if (length < slab.bytes.length) break
  }
  if (size === 0) throw new Fault('invalid', 'the image is empty')
  const all = await Promise.all(chunks)
  const sha256 = await digester.finish()
  return {
    v: 1,
    raw: { size, sha256, sectorSize: 512 },
    source: { format: 'raw', size, sha256 },
    chunkSize,
    chunks: all,
  }
}

type Part = { slab: Slab; length: number; position: number; chunkSize: number }

function chunksOf({ slab, length, position, chunkSize }: Part, hashers: ChunkHashers): Promise<Chunk>[] {
  const count = Math.ceil(length / chunkSize)
  return Array.from({ length: count }, async (_, index): Promise<Chunk> => {
    const at = index * chunkSize
    const len = Math.min(chunkSize, length - at)
    const off = position + at
    const i = off / chunkSize
    if (isBlank(slab.bytes.subarray(at, at + len))) return { i, zero: true }
    return { i, sha256: await hashers.sha256({ offset: slab.offset + at, bytes: len }), off, len }
  })
}

function refuseUnlessRaw(head: Uint8Array): void {
  const { become, name } = imageFormats[detectFormat(head)]
  if (become === 'write') return
  const advice = 'make it raw first (qemu-img convert -O raw, or decompress it): its parts are fetched by their place'
  throw new Fault('unsupported', `the image is ${name}, and chunk maps are of raw images; ${advice}`)
}
