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
 * Reads every extent from the device again and compares it with what was sent there. Fault disk_verify_failed names the
 * first place that differs: a write that the device reported as done and lost.
 */
export async function readBack({ disk, pool, digester, log, counters, signal }: ReadBack): Promise<void> {
  await disk.dropCache()
  const flight = new Flight(() => undefined)
  const check = async (index: number) => {
    const slab = await pool.take()
    try {
      const { offset, bytes, tag } = log.at(index)
      if (!tag) return await readZeros({ disk, counters, signal }, slab.bytes, { offset, bytes })
      const found = new Uint8Array(tagBytes)
      await disk.read(slab.bytes.subarray(0, bytes), offset)
      await digester.tag({ offset: slab.offset, bytes }, found)
      if (Buffer.compare(found, tag) !== 0) throw differs(disk, offset, bytes)
      counters.verified += bytes
    } finally {
      pool.give(slab)
    }
  }
  const lane = async (next: () => number) => {
    for (let index = next(); index < log.count && !signal.aborted; index = next()) {
      await check(index)
      flight.check()
    }
  }
  let index = 0
  for (let lanes = 0; lanes < 6; lanes++) flight.add(lane(() => index++))
  await flight.landed()
  flight.check()
  if (signal.aborted) throw new Fault('aborted', 'the read-back was interrupted', { cause: signal.reason })
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
