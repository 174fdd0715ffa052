import { Fault } from '@ferrite/shared/fault'
import type { Disk } from '../hardware/disk.ts'
import { readBytes, writeBytes } from './disk-bytes.ts'
import { entrySectors, gptHeader, readGpt } from './gpt.ts'
import type { Gpt, ReadAt } from './gpt.ts'
import { withProtectiveSize } from './mbr.ts'
import { requirePartitionTable } from './image-table.ts'
import type { PartitionTable } from './image-table.ts'

export const readerOfDisk =
  (disk: Disk): ReadAt =>
  (offset, bytes) =>
    offset + bytes <= disk.sizeBytes
      ? readBytes(disk, offset, bytes)
      : Promise.reject(
          new Fault('partition_table_invalid', `the partition table points beyond the end of ${disk.path}`),
        )

/**
 * Makes the table of an image that was just written fit its disk: the GPT's second header moves to the disk's end, as
 * `sgdisk -e` does. Fault partition_table_invalid when there is no table, no partition, or one that does not fit.
 */
export async function settlePartitions(disk: Disk): Promise<PartitionTable> {
  const readAt = readerOfDisk(disk)
  const table = await requirePartitionTable(readAt, disk.logicalSectorBytes)
  const outside = table.partitions.find(({ offset, bytes }) => offset + bytes > disk.sizeBytes)
  if (outside) {
    const message = `partition ${outside.number} of the image ends beyond the end of ${disk.path}`
    throw new Fault('partition_table_invalid', message)
  }
  if (table.kind === 'mbr') return table
  const gpt = fitted(table.gpt, disk)
  if ((gpt.lastUsable + 1) * disk.logicalSectorBytes < endOfUsed(table)) {
    throw new Fault('partition_table_invalid', `${disk.path} has no room for the second partition table`)
  }
  if (!(await isFitted(table.gpt, gpt, readAt))) await writeGpt(disk, gpt, table.sector)
  return { ...table, gpt }
}

const endOfUsed = (table: PartitionTable): number =>
  Math.max(...table.partitions.map(({ offset, bytes }) => offset + bytes))

function fitted(gpt: Gpt, disk: Disk): Gpt {
  const alternateLba = disk.sizeBytes / disk.logicalSectorBytes - 1
  return { ...gpt, alternateLba, lastUsable: alternateLba - entrySectors(gpt) - 1 }
}

async function isFitted(found: Gpt, wanted: Gpt, readAt: ReadAt): Promise<boolean> {
  if (found.alternateLba !== wanted.alternateLba || found.lastUsable > wanted.lastUsable) return false
  try {
    const second = await readGpt(readAt, found.sectorBytes, found.alternateLba)
    return second !== undefined && second.entries.equals(found.entries)
  } catch (error) {
    if (error instanceof Fault && error.code === 'partition_table_invalid') return false
    throw error
  }
}

/** Writes both copies of the table, the second first, so that one is whole at every moment; each is flushed. */
export async function writeGpt(disk: Disk, gpt: Gpt, mbr: Buffer): Promise<void> {
  const sectorBytes = disk.logicalSectorBytes
  const second: Gpt = {
    ...gpt,
    currentLba: gpt.alternateLba,
    alternateLba: gpt.currentLba,
    entriesLba: gpt.alternateLba - entrySectors(gpt),
  }
  await writeBytes(disk, second.entriesLba * sectorBytes, gpt.entries)
  await writeBytes(disk, second.currentLba * sectorBytes, gptHeader(second))
  await disk.flush()
  await writeBytes(disk, gpt.entriesLba * sectorBytes, gpt.entries)
  await writeBytes(disk, gpt.currentLba * sectorBytes, gptHeader(gpt))
  const protective = withProtectiveSize(mbr, disk.sizeBytes / sectorBytes)
  if (!protective.equals(mbr)) await writeBytes(disk, 0, protective)
  await disk.flush()
}
