import { randomUUID } from 'node:crypto'
import { Fault } from '@ferrite/shared/fault'
import { MiB, formatBytes } from '@ferrite/shared/units'
import type { Disk } from '../hardware/disk.ts'
import { readBytes, writeBytes } from './disk-bytes.ts'
import { filesystemLabel } from './filesystem-label.ts'
import { withPartition } from './gpt.ts'
import { withMbrEntry } from './mbr.ts'
import type { Partition, PartitionTable } from './image-table.ts'
import { readerOfDisk, writeGpt } from './settle-partitions.ts'

export const partitionBytes = 64 * MiB
const linuxFilesystem = '0fc63daf-8483-4772-8e79-3d69d8477de4'
const fat32Lba = 0x0c
const name = 'config-2'

/**
 * Puts a config drive image onto a disk whose table is settled: into the partition that is called config-2, or into a new
 * one of 64 MiB at the disk's end. Flushed and read back. Fault configdrive_invalid when it has no place.
 */
export async function writeConfigdrive(disk: Disk, table: PartitionTable, image: Uint8Array): Promise<Partition> {
  const existing = await findConfigPartition(disk, table)
  const partition = existing ?? (await addConfigPartition(disk, table))
  if (image.length > partition.bytes) {
    const room = `partition ${partition.number} has ${formatBytes(partition.bytes)}`
    throw new Fault('configdrive_invalid', `the config drive has ${formatBytes(image.length)}, but ${room}`)
  }
  const padded = new Uint8Array(Math.ceil(image.length / disk.logicalSectorBytes) * disk.logicalSectorBytes)
  padded.set(image)
  await writeBytes(disk, partition.offset, padded)
  await disk.flush()
  await disk.dropCache()
  const found = await readBytes(disk, partition.offset, padded.length)
  if (!found.equals(padded)) {
    throw new Fault('disk_verify_failed', `${disk.path} does not give back the config drive that was written to it`)
  }
  return partition
}

async function findConfigPartition(disk: Disk, table: PartitionTable): Promise<Partition | undefined> {
  const byName = table.partitions.find((partition) => partition.name?.toLowerCase() === name)
  if (byName) return byName
  for (const partition of table.partitions) {
    const label = await filesystemLabel(readerOfDisk(disk), partition.offset, partition.bytes)
    if (label?.toLowerCase() === name) return partition
  }
  return undefined
}

async function addConfigPartition(disk: Disk, table: PartitionTable): Promise<Partition> {
  return table.kind === 'gpt' ? addToGpt(disk, table) : addToMbr(disk, table)
}

async function addToGpt(disk: Disk, table: PartitionTable & { kind: 'gpt' }): Promise<Partition> {
  const sectorBytes = disk.logicalSectorBytes
  const { gpt } = table
  const end = (gpt.lastUsable + 1) * sectorBytes
  const offset = placeBefore(end, table, gpt.firstUsable * sectorBytes)
  const entry = {
    type: linuxFilesystem,
    uuid: randomUUID(),
    first: offset / sectorBytes,
    last: gpt.lastUsable,
    name,
  }
  const changed = withPartition(gpt, entry)
  await writeGpt(disk, changed, table.sector)
  const number = 1 + [...table.partitions.map((partition) => partition.number), 0].toSorted(byNumber).findIndex(isGap)
  return { number, type: entry.type, uuid: entry.uuid, name, offset, bytes: end - offset }
}

const byNumber = (a: number, b: number): number => a - b
/** In 0, 1, 2, 4 the number after index 2 is free. */
const isGap = (number: number, index: number, all: number[]): boolean => all[index + 1] !== number + 1

async function addToMbr(disk: Disk, table: PartitionTable & { kind: 'mbr' }): Promise<Partition> {
  const sectorBytes = disk.logicalSectorBytes
  const number = [1, 2, 3, 4].find((candidate) => table.entries.every((entry) => entry.number !== candidate))
  if (number === undefined) {
    throw new Fault(
      'configdrive_invalid',
      'the image has four primary partitions: there is no entry for a config drive',
    )
  }
  // A DOS table cannot tell of sectors beyond 2^32.
  const end = Math.min(disk.sizeBytes, 0xffffffff * sectorBytes)
  const offset = placeBefore(end, table, MiB)
  const entry = {
    number,
    type: fat32Lba,
    bootable: false,
    first: offset / sectorBytes,
    sectors: partitionBytes / sectorBytes,
  }
  await writeBytes(disk, 0, withMbrEntry(table.sector, entry))
  await disk.flush()
  return { number, type: '0x0c', uuid: null, name: null, offset, bytes: partitionBytes }
}

/** Where a 64 MiB partition begins, aligned to 1 MiB, that ends at or before `end` and after all others. */
function placeBefore(end: number, table: PartitionTable, first: number): number {
  const offset = Math.floor((end - partitionBytes) / MiB) * MiB
  const used = Math.max(first, ...table.partitions.map((partition) => partition.offset + partition.bytes))
  if (offset >= used) return offset
  throw new Fault('configdrive_invalid', 'there are no 64 MiB free at the end of the disk for a config drive')
}
