import { MiB } from '@ferrite/shared/units'
import { allocateAligned } from '../hardware/disk.ts'
import type { Disk } from '../hardware/disk.ts'

const blockBytes = 4 * MiB
let zeros: Uint8Array | undefined

/** Writes zeros from `start` to `end`, widened to whole units of the disk's alignment. */
export async function zeroRange(disk: Disk, start: number, end: number, signal: AbortSignal): Promise<void> {
  zeros ??= allocateAligned(blockBytes)
  const first = Math.floor(start / disk.alignment) * disk.alignment
  const last = Math.min(disk.sizeBytes, Math.ceil(end / disk.alignment) * disk.alignment)
  for (let at = first; at < last; at += blockBytes) {
    signal.throwIfAborted()
    await disk.write(zeros.subarray(0, Math.min(blockBytes, last - at)), at)
  }
}
