import type { ByteSource } from './byte-source.ts'
import type { Digester } from './digester.ts'
import { Flight } from './flight.ts'
import type { Landing } from './landing.ts'
import type { Slab, SlabPool } from './slab-pool.ts'

export type Pour = {
  source: ByteSource
  pool: SlabPool
  landing: Landing
  /** Hashes what passes; undefined when that was done before, as with the bytes of a compressed image. */
  digester: Digester | undefined
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
      if (flight.failed) pool.give(slab)
      flight.check()
      const length = ready?.length ?? (await readOrGive(source, slab, pool))
      if (length === 0) pool.give(slab)
      else flight.add(land(job, slab, position, length))
      position += length
      if (length < slab.bytes.length) break
    }
    await flight.landed()
    flight.check()
    await job.landing.finish()
  } catch (error) {
    await flight.landed()
    flight.check()
    throw error
  }
  return position
}

/** As `source.read`, but a slab whose reading fails goes back to the others. */
export async function readOrGive(source: ByteSource, slab: Slab, pool: SlabPool): Promise<number> {
  try {
    return await source.read(slab.bytes)
  } catch (error) {
    pool.give(slab)
    throw error
  }
}

async function land({ landing, digester, pool }: Pour, slab: Slab, position: number, length: number): Promise<void> {
  try {
    const hashed = digester?.hash({ offset: slab.offset, bytes: length })
    const results = await Promise.allSettled([hashed, landing.put({ offset: slab.offset, bytes: length, position })])
    for (const result of results) if (result.status === 'rejected') throw result.reason
  } finally {
    pool.give(slab)
  }
}
