import { isFault } from '@ferrite/shared/fault'
import type { Disk } from '../hardware/disk.ts'
import { requirePartitionTable } from './image-table.ts'
import { readerOfDisk } from './settle-partitions.ts'

/** A partition of a disk; `start` and `end` in bytes, `type` a GUID in lower case or `0xef`. */
export type TablePartition = {
  number: number
  type: string
  uuid: string | undefined
  name: string
  start: number
  end: number
}

export type PartitionTable = { kind: 'gpt' | 'mbr'; partitions: TablePartition[] }

/** What a disk's table lists, as far as it lies on the disk; undefined when there is no valid table. */
export async function readPartitionTable(disk: Disk): Promise<PartitionTable | undefined> {
  try {
    const { kind, partitions } = await requirePartitionTable(readerOfDisk(disk), disk.logicalSectorBytes)
    const inside = partitions.filter(({ offset, bytes }) => offset + bytes <= disk.sizeBytes)
    return {
      kind,
      partitions: inside.map(({ number, type, uuid, name, offset, bytes }) => ({
        number,
        type,
        uuid: uuid ?? undefined,
        name: name ?? '',
        start: offset,
        end: offset + bytes,
      })),
    }
  } catch (error) {
    if (isFault(error, 'partition_table_invalid')) return undefined
    throw error
  }
}
