import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import { readGpt, sector, type Gpt } from '../image/gpt.ts'

type Range = { from: number; to: number }

export type Comparison = {
  /** Bytes of the image that were found on the disk, byte for byte. */
  comparedBytes: number
  /** Bytes of the partition tables, which a deploy must change: they were read and checked instead. */
  tableBytes: number
  imageBytes: number
  sha256: string
  partitions: string[]
  /** Where the config drive lies, if there is one. */
  configDrive: { first: number; bytes: number } | null
}

const frontBytes = 34 * sector

/**
 * Compares a disk with the image it was written from: every byte of the image, except for the partition tables where
 * the image has a GPT. Those have to differ (the backup belongs at the disk's end, a config drive may be added), so
 * both copies are read, and every partition of the image must be in them unchanged. Throws a Fault that says where.
 */
export async function compare(
  disk: string,
  image: AsyncIterable<Uint8Array>,
  { onProgress }: { onProgress?: (bytes: number) => void } = {},
): Promise<Comparison> {
  await using file = await open(disk, 'r')
  const readDisk = async (offset: number, length: number): Promise<Buffer> => await readAt(file, offset, length)
  const hash = createHash('sha256')
  const front = Buffer.alloc(frontBytes)
  let skipped: Range[] = []
  let held: { at: number; bytes: Uint8Array }[] = []
  let at = 0
  let comparedBytes = 0
  let gpt: Gpt | undefined
  const check = async (offset: number, bytes: Uint8Array) => {
    for (const { from, to } of without({ from: offset, to: offset + bytes.length }, skipped)) {
      const there = await readDisk(from, to - from)
      const here = bytes.subarray(from - offset, to - offset)
      if (!there.equals(here)) throw differs(from + firstDifference(there, here))
      comparedBytes += to - from
    }
  }
  for await (const chunk of image) {
    hash.update(chunk)
    if (at < frontBytes) front.set(chunk.subarray(0, Math.max(0, frontBytes - at)), at)
    held.push({ at, bytes: chunk })
    at += chunk.length
    if (at < frontBytes) continue
    if (at - chunk.length < frontBytes) {
      gpt = await tableIn(front)
      if (gpt) skipped = tableRanges(gpt)
    }
    for (const piece of held) await check(piece.at, piece.bytes)
    held = []
    onProgress?.(at)
  }
  for (const piece of held) await check(piece.at, piece.bytes)
  const diskBytes = (await file.stat()).size
  const onDisk = gpt ? await tablesOfDisk(readDisk, gpt, diskBytes) : undefined
  return {
    comparedBytes,
    tableBytes: at - comparedBytes,
    imageBytes: at,
    sha256: hash.digest('hex'),
    partitions: (onDisk?.partitions ?? []).map(({ name }) => name),
    configDrive: configDriveOf(onDisk),
  }
}

/** Exactly `length` bytes, zeros where the disk is shorter. */
async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  const { bytesRead } = await file.read(bytes, 0, length, offset)
  return bytes.fill(0, bytesRead)
}

/** The image's own table, or undefined where it is no GPT disk. */
async function tableIn(front: Buffer): Promise<Gpt | undefined> {
  if (front.toString('latin1', sector, sector + 8) !== 'EFI PART') return undefined
  return await readGpt((offset, length) => Promise.resolve(front.subarray(offset, offset + length)), 1)
}

/** What a deploy may change: the MBR's partition entries, header, entries, and the backup at the image's end. */
function tableRanges({ other, entriesAt, entriesSectors }: Gpt): Range[] {
  return [
    { from: 440, to: 2 * sector },
    { from: entriesAt * sector, to: (entriesAt + entriesSectors) * sector },
    { from: (other - entriesSectors) * sector, to: (other + 1) * sector },
  ]
}

async function tablesOfDisk(
  read: (offset: number, length: number) => Promise<Buffer>,
  wanted: Gpt,
  diskBytes: number,
): Promise<Gpt> {
  const last = diskBytes / sector - 1
  const front = await readGpt(read, 1)
  const back = await readGpt(read, last)
  if (front.other !== last || back.other !== 1) {
    throw new Fault(
      'partition_table_invalid',
      `the backup of the partition table is not at the disk's end (sector ${last})`,
    )
  }
  for (const { partitions } of [front, back]) {
    for (const partition of wanted.partitions) {
      const found = partitions.find(({ id }) => id === partition.id)
      const same =
        found && found.first === partition.first && found.last === partition.last && found.type === partition.type
      if (!same)
        throw new Fault('partition_table_invalid', `partition "${partition.name}" of the image is not on the disk`)
    }
  }
  return front
}

function configDriveOf(gpt: Gpt | undefined): Comparison['configDrive'] {
  const found = gpt?.partitions.find(({ name }) => name.toLowerCase() === 'config-2')
  return found ? { first: found.first, bytes: (found.last - found.first + 1) * sector } : null
}

/** The parts of `range` outside of all `holes`, in order. */
function without(range: Range, holes: readonly Range[]): Range[] {
  return holes.reduce<Range[]>(
    (parts, hole) =>
      parts.flatMap(({ from, to }) =>
        [
          { from, to: Math.min(to, hole.from) },
          { from: Math.max(from, hole.to), to },
        ].filter((part) => part.from < part.to),
      ),
    [range],
  )
}

const differs = (offset: number): Fault =>
  new Fault('disk_verify_failed', `the disk differs from the image at byte ${offset} (MiB ${Math.floor(offset / MiB)})`)

function firstDifference(one: Uint8Array, other: Uint8Array): number {
  const at = one.findIndex((byte, index) => byte !== other[index])
  return Math.max(0, at)
}
