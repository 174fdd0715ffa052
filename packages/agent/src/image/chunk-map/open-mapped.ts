import { Fault } from '@ferrite/shared/fault'
import { endBytes } from '../../disk/wipe.ts'
import { allocateAligned } from '../../hardware/disk.ts'
import type { Disk } from '../../hardware/disk.ts'
import { Flight } from '../flight.ts'
import { tooLarge } from '../landing.ts'
import type { ImageJob, OpenedImage } from '../open-image.ts'
import type { Slab } from '../slab-pool.ts'
import { isBlank } from '../zero-runs.ts'
import { chunkBytes } from './chunk-map.ts'
import type { Chunk } from './chunk-map.ts'
import { ChunkHashers } from './chunk-hashers.ts'
import type { MapSource } from './map-source.ts'

export type MapJob = Omit<ImageJob, 'source' | 'digester'> & { source: MapSource }

/** Chunks at a time: some are read from the disk or fetched while others are hashed. */
const lanes = 8

/**
 * An image by its chunk map: each chunk is looked for on the disk first, where an earlier deployment or an interrupted one
 * may have left it, and only fetched when it is not there. The disk's ends are read before they are erased.
 */
export async function openMapped(job: MapJob): Promise<OpenedImage> {
  const { source, disk, pool, request } = job
  if (source.map.raw.size > disk.sizeBytes) throw tooLarge(disk, source.map.raw.size)
  const hashers = new ChunkHashers(pool.memory)
  const chunks = new MappedChunks(job, hashers, await readEnds(disk))
  try {
    const first = await chunks.begin(await pool.take())
    await request.inspect?.(first, disk)
  } catch (error) {
    await hashers[Symbol.asyncDispose]()
    throw error
  }
  return { format: 'raw', pour: () => chunks.pour(), [Symbol.asyncDispose]: () => hashers[Symbol.asyncDispose]() }
}

type End = { offset: number; bytes: Uint8Array }

async function readEnds(disk: Disk): Promise<End[]> {
  const bytes = Math.min(endBytes, disk.sizeBytes)
  const ends = [0, disk.sizeBytes - bytes].map((offset) => ({ offset, bytes: allocateAligned(bytes) }))
  for (const end of ends) await disk.read(end.bytes, end.offset)
  return ends
}

class MappedChunks {
  readonly #job: MapJob
  readonly #hashers: ChunkHashers
  readonly #ends: readonly End[]
  #first: { slab: Slab; wasThere: boolean } | undefined

  constructor(job: MapJob, hashers: ChunkHashers, ends: readonly End[]) {
    this.#job = job
    this.#hashers = hashers
    this.#ends = ends
  }

  /** Gets the first chunk, which decides whether the image can be written at all. The disk is as it was. */
  async begin(slab: Slab): Promise<Uint8Array> {
    this.#first = { slab, wasThere: await this.#load(0, slab) }
    return slab.bytes.subarray(0, chunkBytes(this.#job.source.map, 0))
  }

  /** Brings what the disk lacks. */
  async pour(): Promise<number> {
    const { source, landing, onFailure } = this.#job
    const { chunks, raw } = source.map
    const flight = new Flight(onFailure)
    let next = 0
    const lane = async () => {
      while (next < chunks.length && !flight.failed) await this.#bring(next++)
    }
    for (let count = 0; count < lanes; count += 1) flight.add(lane())
    await flight.landed()
    flight.check()
    await landing.finish()
    return raw.size
  }

  /** Fills the slab with a chunk, from the disk (true) or else from the image server. */
  async #load(index: number, slab: Slab): Promise<boolean> {
    const chunk = this.#chunk(index)
    const bytes = chunkBytes(this.#job.source.map, index)
    await this.#readDisk(index, slab, bytes)
    const found = slab.bytes.subarray(0, bytes)
    if ('zero' in chunk) {
      if (isBlank(found)) return true
      found.fill(0)
      return false
    }
    if ((await this.#hashers.sha256({ offset: slab.offset, bytes })) === chunk.sha256) return true
    await this.#fetch(chunk, slab, bytes)
    return false
  }

  async #bring(index: number): Promise<void> {
    const { source, landing, pool, disk, counters } = this.#job
    const bytes = chunkBytes(source.map, index)
    const position = index * source.map.chunkSize
    const first = index === 0 ? this.#first : undefined
    const slab = first?.slab ?? (await pool.take())
    try {
      if ('zero' in this.#chunk(index)) source.countZeros(bytes)
      if (!(first?.wasThere ?? (await this.#load(index, slab))))
        return await landing.put({ offset: slab.offset, bytes, position })
      if (!('zero' in this.#chunk(index))) source.bytesKept += bytes
      // What is at the ends of the disk was erased in the meantime.
      const padded = Math.ceil(bytes / disk.alignment) * disk.alignment
      landing.ends.keep(slab.bytes.subarray(0, padded), position)
      counters.written += bytes
    } finally {
      pool.give(slab)
    }
  }

  #chunk(index: number): Chunk {
    const chunk = this.#job.source.map.chunks[index]
    if (!chunk) throw new Fault('bug', `the chunk map has no chunk ${index}`)
    return chunk
  }

  /** What the disk had before its ends were erased, up to the end of the last block. */
  async #readDisk(index: number, slab: Slab, bytes: number): Promise<void> {
    const { disk, source } = this.#job
    const position = index * source.map.chunkSize
    const into = slab.bytes.subarray(0, Math.ceil(bytes / disk.alignment) * disk.alignment)
    await disk.read(into, position)
    for (const end of this.#ends) {
      const from = Math.max(position, end.offset)
      const to = Math.min(position + into.length, end.offset + end.bytes.length)
      if (from < to) into.set(end.bytes.subarray(from - end.offset, to - end.offset), from - position)
    }
  }

  async #fetch(chunk: Exclude<Chunk, { zero: true }>, slab: Slab, bytes: number): Promise<void> {
    const { source } = this.#job
    await source.fetch(slab.bytes.subarray(0, bytes), chunk.off)
    const found = await this.#hashers.sha256({ offset: slab.offset, bytes })
    if (found === chunk.sha256) return
    const message = `the sha256 of chunk ${chunk.i} of ${source.url} is ${found}, but the chunk map has ${chunk.sha256}`
    throw new Fault('image_digest_mismatch', message, { chunk: chunk.i, expected: chunk.sha256, found })
  }
}
