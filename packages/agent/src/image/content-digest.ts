import { Fault } from '@ferrite/shared/fault'
import type { Disk } from '../hardware/disk.ts'
import type { Digest } from './checksum.ts'
import { Digester } from './digester.ts'
import type { Counters } from './progress-meter.ts'
import { slabBytes } from './slab-pool.ts'
import type { Slab, SlabPool } from './slab-pool.ts'
import type { WithheldEnds } from './withheld-ends.ts'

export type ContentCheck = {
  disk: Disk
  pool: SlabPool
  ends: WithheldEnds
  counters: Counters
  signal: AbortSignal
  /** Of the disk that are the image's. */
  bytes: number
  expected: Digest
}

const readsAhead = 4

/** Reads all of the image from the disk, in order, and compares its digest. Fault image_digest_mismatch. */
export async function checkContent(check: ContentCheck): Promise<void> {
  const { disk, pool, bytes, expected, signal, counters } = check
  await disk.dropCache()
  await using digester = new Digester(pool.memory, expected.algorithm)
  const ahead: Promise<{ slab: Slab; length: number }>[] = []
  let begun = 0
  while (begun < bytes || ahead.length > 0) {
    while (begun < bytes && ahead.length < readsAhead) {
      ahead.push(readPart(check, begun, Math.min(slabBytes, bytes - begun)))
      ahead.at(-1)?.catch(() => undefined)
      begun += slabBytes
    }
    const part = await ahead.shift()
    if (!part) break
    if (signal.aborted) throw new Fault('aborted', 'the check of the content was interrupted', { cause: signal.reason })
    void digester.hash({ offset: part.slab.offset, bytes: part.length }).finally(() => pool.give(part.slab))
    counters.verified += part.length
  }
  const found = await digester.finish()
  if (found === expected.value) return
  const message = `the ${expected.algorithm} of the image's content is ${found}, but ${expected.value} was expected`
  throw new Fault('image_digest_mismatch', message, { ...expected, found, expected: expected.value })
}

async function readPart({ disk, pool, ends }: ContentCheck, offset: number, length: number) {
  const slab = await pool.take()
  const padded = slab.bytes.subarray(0, Math.ceil(length / disk.alignment) * disk.alignment)
  await disk.read(padded, offset)
  ends.overlay(padded, offset)
  return { slab, length }
}
