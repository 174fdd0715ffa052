import { allocateAligned } from '../hardware/disk.ts'
import type { Disk } from '../hardware/disk.ts'

/** How much of each end is erased: boot code, both partition tables, and the labels of filesystems, LVM and RAID. */
export const endBytes = 1024 * 1024

/** Zeroes the first and the last MiB and flushes, so that neither firmware nor kernel finds anything to start from. */
export async function wipeTables(disk: Disk): Promise<void> {
  const zeros = allocateAligned(Math.min(endBytes, disk.sizeBytes))
  await disk.write(zeros, 0)
  if (disk.sizeBytes > zeros.length) {
    const offset = Math.max(zeros.length, disk.sizeBytes - endBytes)
    await disk.write(zeros.subarray(0, disk.sizeBytes - offset), offset)
  }
  await disk.flush()
}
