import { crc32 } from 'node:zlib'

export const sector = 512
const entryBytes = 128
const entryCount = 128
const tableSectors = (entryBytes * entryCount) / sector

/** Partition types (UEFI specification, and the Discoverable Partitions of UAPI). */
export const types = {
  biosBoot: '21686148-6449-6e6f-744e-656564454649',
  esp: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  linux: '0fc63daf-8483-4772-8e79-3d69d8477de4',
} as const

/** First and last sector, both included. */
export type Partition = { type: string; id: string; first: number; last: number; attributes: bigint; name: string }
export type Gpt = {
  diskId: string
  /** Where this header says it is, and where the other one is, in sectors. */
  at: number
  other: number
  firstUsable: number
  lastUsable: number
  entriesAt: number
  entriesSectors: number
  partitions: Partition[]
}

/** The first 34 and the last 33 sectors of a disk of `sectors`: protective MBR (boot code kept), headers, entries. */
export function writeGpt(
  { diskId, partitions }: { diskId: string; partitions: readonly Partition[] },
  sectors: number,
  bootCode: Uint8Array = new Uint8Array(440),
): { front: Buffer; back: Buffer } {
  const entries = Buffer.alloc(entryBytes * entryCount)
  partitions.forEach((partition, index) => entryOf(partition).copy(entries, index * entryBytes))
  const header = (at: number, other: number, entriesAt: number) =>
    headerOf({ at, other, entriesAt, diskId, lastUsable: sectors - tableSectors - 2, entries })
  const last = sectors - 1
  return {
    front: Buffer.concat([protectiveMbr(sectors, bootCode), header(1, last, 2), entries]),
    back: Buffer.concat([entries, header(last, 1, last - tableSectors)]),
  }
}

/** Reads a header and its entries; `read` gives bytes at an offset. Throws where a checksum or signature is wrong. */
export async function readGpt(read: (offset: number, length: number) => Promise<Buffer>, at: number): Promise<Gpt> {
  const header = await read(at * sector, sector)
  if (header.toString('latin1', 0, 8) !== 'EFI PART') throw new Error(`no GPT header in sector ${at}`)
  const size = header.readUInt32LE(12)
  const sum = header.readUInt32LE(16)
  const blank = Buffer.from(header.subarray(0, size))
  blank.writeUInt32LE(0, 16)
  if (crc32(blank) !== sum) throw new Error(`the GPT header in sector ${at} has a wrong checksum`)
  const count = header.readUInt32LE(80)
  const each = header.readUInt32LE(84)
  const entriesAt = Number(header.readBigUInt64LE(72))
  const entries = await read(entriesAt * sector, Math.ceil((count * each) / sector) * sector)
  if (crc32(entries.subarray(0, count * each)) !== header.readUInt32LE(88)) {
    throw new Error(`the GPT entries of the header in sector ${at} have a wrong checksum`)
  }
  const slots = Array.from({ length: count }, (_, index) => entries.subarray(index * each, (index + 1) * each))
  return {
    diskId: guidText(header.subarray(56, 72)),
    at: Number(header.readBigUInt64LE(24)),
    other: Number(header.readBigUInt64LE(32)),
    firstUsable: Number(header.readBigUInt64LE(40)),
    lastUsable: Number(header.readBigUInt64LE(48)),
    entriesAt,
    entriesSectors: Math.ceil((count * each) / sector),
    partitions: slots.filter((slot) => slot.subarray(0, 16).some((byte) => byte !== 0)).map(partitionOf),
  }
}

function protectiveMbr(sectors: number, bootCode: Uint8Array): Buffer {
  const mbr = Buffer.alloc(sector)
  mbr.set(bootCode.subarray(0, 440))
  // One entry of type 0xEE over the whole disk, from sector 1.
  mbr.set([0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff], 446)
  mbr.writeUInt32LE(1, 454)
  mbr.writeUInt32LE(Math.min(sectors - 1, 0xffffffff), 458)
  mbr.set([0x55, 0xaa], 510)
  return mbr
}

function headerOf(of: {
  at: number
  other: number
  entriesAt: number
  diskId: string
  lastUsable: number
  entries: Buffer
}): Buffer {
  const header = Buffer.alloc(sector)
  header.write('EFI PART', 'latin1')
  header.writeUInt32LE(0x00010000, 8)
  header.writeUInt32LE(92, 12)
  header.writeBigUInt64LE(BigInt(of.at), 24)
  header.writeBigUInt64LE(BigInt(of.other), 32)
  header.writeBigUInt64LE(BigInt(2 + tableSectors), 40)
  header.writeBigUInt64LE(BigInt(of.lastUsable), 48)
  guidBytes(of.diskId).copy(header, 56)
  header.writeBigUInt64LE(BigInt(of.entriesAt), 72)
  header.writeUInt32LE(entryCount, 80)
  header.writeUInt32LE(entryBytes, 84)
  header.writeUInt32LE(crc32(of.entries), 88)
  header.writeUInt32LE(crc32(header.subarray(0, 92)), 16)
  return header
}

function entryOf({ type, id, first, last, attributes, name }: Partition): Buffer {
  const entry = Buffer.alloc(entryBytes)
  guidBytes(type).copy(entry, 0)
  guidBytes(id).copy(entry, 16)
  entry.writeBigUInt64LE(BigInt(first), 32)
  entry.writeBigUInt64LE(BigInt(last), 40)
  entry.writeBigUInt64LE(attributes, 48)
  entry.write(name.slice(0, 36), 56, 'utf16le')
  return entry
}

const partitionOf = (slot: Buffer): Partition => ({
  type: guidText(slot.subarray(0, 16)),
  id: guidText(slot.subarray(16, 32)),
  first: Number(slot.readBigUInt64LE(32)),
  last: Number(slot.readBigUInt64LE(40)),
  attributes: slot.readBigUInt64LE(48),
  name: slot.toString('utf16le', 56, entryBytes).replace(/\0.*$/s, ''),
})

// GUIDs lie on the disk with their first three parts little-endian.
const guidOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]

function guidBytes(text: string): Buffer {
  const plain = Buffer.from(text.replaceAll('-', ''), 'hex')
  return Buffer.from(guidOrder.map((at) => plain[at] ?? 0))
}

function guidText(bytes: Uint8Array): string {
  const hex = Buffer.from(guidOrder.map((at) => bytes[at] ?? 0)).toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
