import { Fault } from '@ferrite/shared/fault'
import type { Disk } from '../hardware/disk.ts'
import type { Digester } from './digester.ts'
import { tagBytes } from './digester.ts'
import type { ExtentLog } from './extent-log.ts'
import { Flight } from './flight.ts'
import type { Counters } from './progress-meter.ts'
import type { SlabPool } from './slab-pool.ts'
import { isBlank } from './zero-runs.ts'

export type ReadBack = {
  disk: Disk
  pool: SlabPool
  digester: Digester
  log: ExtentLog
  counters: Counters
  signal: AbortSignal
}

/**
 * Reads every extent of the log from number `first` on from the device again and compares it with what was sent there. Fault
 * disk_verify_failed names the first place that differs: a write that the device reported as done and lost.
 */
export async function readBack(job: ReadBack, first: number): Promise<void> {
  const { disk, log, signal } = job
  await disk.dropCache()
  const flight = new Flight(() => undefined)
  let next = first
  const lane = async () => {
    while (next < log.count && !signal.aborted) {
      await readExtent(job, next++)
      flight.check()
    }
  }
  for (let lanes = 0; lanes < 6; lanes++) flight.add(lane())
  await flight.landed()
  flight.check()
  if (signal.aborted) throw new Fault('aborted', 'the read-back was interrupted', { cause: signal.reason })
}

/** One extent of the log. */
export async function readExtent(job: ReadBack, index: number): Promise<void> {
  const { disk, pool, digester, log, counters } = job
  const slab = await pool.take()
  try {
    const { offset, bytes, tag } = log.at(index)
    if (!tag) return await readZeros(job, slab.bytes, { offset, bytes })
    const found = new Uint8Array(tagBytes)
    await disk.read(slab.bytes.subarray(0, bytes), offset)
    await digester.tag({ offset: slab.offset, bytes }, found)
    if (Buffer.compare(found, tag) !== 0) throw differs(disk, offset, bytes)
    counters.verified += bytes
  } finally {
    pool.give(slab)
  }
}

async function readZeros(
  { disk, counters, signal }: Pick<ReadBack, 'disk' | 'counters' | 'signal'>,
  into: Uint8Array,
  { offset, bytes }: { offset: number; bytes: number },
): Promise<void> {
  for (let done = 0; done < bytes && !signal.aborted;) {
    const part = into.subarray(0, Math.min(into.length, bytes - done))
    await disk.read(part, offset + done)
    if (!isBlank(part)) throw differs(disk, offset + done, part.length)
    done += part.length
    counters.verified += part.length
  }
}

const differs = (disk: Disk, offset: number, bytes: number): Fault =>
  new Fault('disk_verify_failed', `${disk.path} does not give back what was written at offset ${offset}`, {
    offset,
    bytes,
  })
