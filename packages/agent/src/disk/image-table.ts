import { Fault } from '@ferrite/shared/fault'
import { gptPartitions, readGpt } from './gpt.ts'
import type { Gpt, ReadAt } from './gpt.ts'
import { inUse, mbrDiskId, protectiveType, readMbr } from './mbr.ts'
import type { MbrEntry } from './mbr.ts'

/** A partition by its place in bytes. `uuid` and `name` only in a GPT; `type` a GUID or `0xef`. */
export type Partition = {
  number: number
  type: string
  offset: number
  bytes: number
  uuid: string | null
  name: string | null
}

export type PartitionTable = { diskId: string; sector: Buffer; partitions: Partition[] } & (
  | { kind: 'gpt'; gpt: Gpt }
  | { kind: 'mbr'; entries: MbrEntry[] }
)

export const espType = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b'

/** Reads GPT or MBR. Fault partition_table_invalid when there is none, it is damaged, or it has no partition. */
export async function requirePartitionTable(readAt: ReadAt, sectorBytes: number): Promise<PartitionTable> {
  const sector = await readAt(0, Math.max(512, sectorBytes))
  const entries = readMbr(sector)?.filter(inUse) ?? []
  const isGpt = entries.some(({ type }) => type === protectiveType)
  const table = isGpt ? await gptTable(readAt, sectorBytes, sector) : mbrTable(entries, sectorBytes, sector)
  if (table && table.partitions.length > 0) return table
  const what = table ? 'its partition table has no partition' : 'no valid partition table'
  const hint = await sectorSizeHint(readAt, sectorBytes)
  throw new Fault('partition_table_invalid', `the image is not a whole-disk image: ${what}${hint}`)
}

async function gptTable(readAt: ReadAt, sectorBytes: number, sector: Buffer): Promise<PartitionTable | undefined> {
  const gpt = await readGpt(readAt, sectorBytes)
  if (!gpt) return undefined
  const partitions = gptPartitions(gpt).map(({ number, type, uuid, first, last, name }) => ({
    number,
    type,
    uuid,
    name,
    offset: first * sectorBytes,
    bytes: (last - first + 1) * sectorBytes,
  }))
  return { kind: 'gpt', gpt, diskId: mbrDiskId(sector), sector, partitions }
}

function mbrTable(entries: MbrEntry[], sectorBytes: number, sector: Buffer): PartitionTable | undefined {
  if (entries.length === 0) return undefined
  const partitions = entries.map(({ number, type, first, sectors }) => ({
    number,
    type: `0x${type.toString(16).padStart(2, '0')}`,
    offset: first * sectorBytes,
    bytes: sectors * sectorBytes,
    uuid: null,
    name: null,
  }))
  return { kind: 'mbr', entries, diskId: mbrDiskId(sector), sector, partitions }
}

/** A table for the other sector size is the usual reason why none is found. */
async function sectorSizeHint(readAt: ReadAt, sectorBytes: number): Promise<string> {
  const other = sectorBytes === 512 ? 4096 : 512
  const signature = await readAt(other, 8).catch(() => Buffer.alloc(0))
  if (signature.toString('latin1') !== 'EFI PART') return ''
  return `; it was made for disks with ${other}-byte sectors, and this one has ${sectorBytes}`
}

/** Reads from bytes in memory; beyond their end is a Fault. */
export const readerOf =
  (head: Uint8Array): ReadAt =>
  (offset, bytes) =>
    offset + bytes <= head.length
      ? Promise.resolve(Buffer.from(head.subarray(offset, offset + bytes)))
      : Promise.reject(
          new Fault('partition_table_invalid', 'the image ends inside its partition table', { incomplete: true }),
        )
