import { Fault } from '@ferrite/shared/fault'
import type { Disk } from '../hardware/disk.ts'
import type { ByteSource } from './byte-source.ts'
import type { Digester } from './digester.ts'
import { tagBytes } from './digester.ts'
import type { ExtentLog } from './extent-log.ts'
import { Flight } from './flight.ts'
import type { Counters } from './progress-meter.ts'
import type { Slab, SlabPool } from './slab-pool.ts'
import type { WithheldEnds } from './withheld-ends.ts'

export type Pour = {
  source: ByteSource
  disk: Disk
  pool: SlabPool
  digester: Digester
  ends: WithheldEnds
  log: ExtentLog
  counters: Counters
  /** Called with the first error of disk or hash, so that a waiting download stops at once. */
  onFailure: (error: unknown) => void
}

/** What was read from the source before the disk was touched. */
export type FirstSlab = { slab: Slab; length: number }

/**
 * Carries the image from the source to the disk: each slab is received, then hashed and written at the same time while
 * the next ones arrive. Returns the image's length; nothing is in flight any more when it returns or throws.
 */
export async function pour(job: Pour, first?: FirstSlab): Promise<number> {
  const { source, pool } = job
  const flight = new Flight(job.onFailure)
  let position = 0
  try {
    for (let ready = first; ; ready = undefined) {
      const slab = ready?.slab ?? (await pool.take())
      flight.check()
      const length = ready?.length ?? (await readOrGive(source, slab, pool))
      if (length === 0) pool.give(slab)
      else flight.add(land(job, slab, position, length))
      position += length
      if (length < slab.bytes.length) break
    }
  } catch (error) {
    await flight.landed()
    flight.check()
    throw error
  }
  await flight.landed()
  flight.check()
  return position
}

async function readOrGive(source: ByteSource, slab: Slab, pool: SlabPool): Promise<number> {
  try {
    return await source.read(slab.bytes)
  } catch (error) {
    pool.give(slab)
    throw error
  }
}

/** Hashes `length` bytes of the slab and puts them, padded with zeros to whole sectors, at `position` of the disk. */
async function land(job: Pour, slab: Slab, position: number, length: number): Promise<void> {
  const { disk, digester, ends, log, pool, counters } = job
  try {
    if (position + length > disk.sizeBytes) throw tooLarge(disk)
    const padded = Math.ceil(length / disk.alignment) * disk.alignment
    slab.bytes.fill(0, length, padded)
    const now = ends.keep(slab.bytes.subarray(0, padded), position)
    const start = now.offset - position
    const tag = new Uint8Array(tagBytes)
    const sent = { offset: slab.offset + start, bytes: now.bytes }
    const hashed = digester.absorb({ offset: slab.offset, bytes: length }, sent, tag)
    const stored = now.bytes > 0 ? disk.write(slab.bytes.subarray(start, start + now.bytes), now.offset) : undefined
    // Both must have let go of the memory before it is used again.
    const results = await Promise.allSettled([hashed, stored])
    for (const result of results) if (result.status === 'rejected') throw result.reason
    if (now.bytes > 0) log.add({ offset: now.offset, bytes: now.bytes, tag })
    counters.written += length
  } finally {
    pool.give(slab)
  }
}

export const tooLarge = (disk: Disk, bytes?: number): Fault =>
  new Fault(
    'image_too_large',
    bytes === undefined
      ? `the image is larger than ${disk.path}, which has ${disk.sizeBytes} bytes`
      : `the image has ${bytes} bytes, but ${disk.path} only ${disk.sizeBytes}`,
  )
