import { crc32 } from 'node:zlib'
import { Fault } from '@ferrite/shared/fault'

/** One partition of a GUID partition table; LBAs are sectors, both ends included. */
export type GptPartition = { number: number; type: string; uuid: string; first: number; last: number; name: string }

/** A GUID partition table as its header and raw entries say (UEFI 2.10, 5.3). */
export type Gpt = {
  sectorBytes: number
  headerBytes: number
  currentLba: number
  alternateLba: number
  firstUsable: number
  lastUsable: number
  diskUuid: string
  entriesLba: number
  entryCount: number
  entryBytes: number
  entries: Buffer
}

export type ReadAt = (offset: number, bytes: number) => Promise<Buffer>

const signature = Buffer.from('EFI PART', 'latin1')
const unusedType = '00000000-0000-0000-0000-000000000000'
const maxEntriesBytes = 1024 * 1024

const invalid = (what: string): Fault => new Fault('partition_table_invalid', `the partition table is damaged: ${what}`)

/** Reads the table whose header is at `lba`; undefined when there is none. Fault partition_table_invalid when damaged. */
export async function readGpt(readAt: ReadAt, sectorBytes: number, lba = 1): Promise<Gpt | undefined> {
  const header = await readAt(lba * sectorBytes, sectorBytes)
  if (!header.subarray(0, 8).equals(signature)) return undefined
  const gpt = parseHeader(header, sectorBytes, lba)
  const entries = await readAt(gpt.entriesLba * sectorBytes, gpt.entryCount * gpt.entryBytes)
  if (crc32(entries) !== header.readUInt32LE(88)) throw invalid('the checksum of its entries is wrong')
  return { ...gpt, entries }
}

function parseHeader(header: Buffer, sectorBytes: number, lba: number): Omit<Gpt, 'entries'> {
  const headerBytes = header.readUInt32LE(12)
  if (headerBytes < 92 || headerBytes > sectorBytes) throw invalid(`its header has ${headerBytes} bytes`)
  if (crc32(withoutCrc(header.subarray(0, headerBytes))) !== header.readUInt32LE(16)) {
    throw invalid('the checksum of its header is wrong')
  }
  const gpt = {
    sectorBytes,
    headerBytes,
    currentLba: lbaAt(header, 24),
    alternateLba: lbaAt(header, 32),
    firstUsable: lbaAt(header, 40),
    lastUsable: lbaAt(header, 48),
    diskUuid: guidAt(header, 56),
    entriesLba: lbaAt(header, 72),
    entryCount: header.readUInt32LE(80),
    entryBytes: header.readUInt32LE(84),
  }
  const { entryBytes, entryCount } = gpt
  if (gpt.currentLba !== lba) throw invalid(`its header says it is at sector ${gpt.currentLba}, not ${lba}`)
  if (entryBytes < 128 || entryBytes > 4096 || entryBytes % 128 !== 0) throw invalid(`entries of ${entryBytes} bytes`)
  if (entryCount < 1 || entryCount * entryBytes > maxEntriesBytes) throw invalid(`it has ${entryCount} entries`)
  if (gpt.entriesLba < 2) throw invalid('its entries lie over its header')
  if (gpt.firstUsable > gpt.lastUsable) throw invalid('it has no usable sectors')
  return gpt
}

/** The partitions in use. Fault partition_table_invalid for one that ends before it begins. */
export function gptPartitions({ entries, entryCount, entryBytes }: Gpt): GptPartition[] {
  const found: GptPartition[] = []
  for (let index = 0; index < entryCount; index++) {
    const entry = entries.subarray(index * entryBytes, (index + 1) * entryBytes)
    const type = guidAt(entry, 0)
    if (type === unusedType) continue
    const [first, last] = [lbaAt(entry, 32), lbaAt(entry, 40)]
    if (first > last) throw invalid(`partition ${index + 1} ends before it begins`)
    const name = entry.subarray(56, 128).toString('utf16le').split('\0')[0] ?? ''
    found.push({ number: index + 1, type, uuid: guidAt(entry, 16), first, last, name })
  }
  return found
}

/** The table with one more partition, in the first free entry. Fault partition_table_invalid when all are in use. */
export function withPartition(gpt: Gpt, partition: Omit<GptPartition, 'number'>): Gpt {
  const entries = Buffer.from(gpt.entries)
  for (let index = 0; index < gpt.entryCount; index++) {
    const entry = entries.subarray(index * gpt.entryBytes, (index + 1) * gpt.entryBytes)
    if (guidAt(entry, 0) !== unusedType) continue
    entry.fill(0)
    putGuid(entry, 0, partition.type)
    putGuid(entry, 16, partition.uuid)
    entry.writeBigUInt64LE(BigInt(partition.first), 32)
    entry.writeBigUInt64LE(BigInt(partition.last), 40)
    entry.write(partition.name.slice(0, 35), 56, 'utf16le')
    return { ...gpt, entries }
  }
  throw new Fault('partition_table_invalid', `all ${gpt.entryCount} entries of the partition table are in use`)
}

/** The sector of a header, with fresh checksums. */
export function gptHeader(gpt: Gpt): Buffer {
  const header = Buffer.alloc(gpt.sectorBytes)
  signature.copy(header)
  header.writeUInt32LE(0x00010000, 8)
  header.writeUInt32LE(92, 12)
  for (const [offset, value] of [
    [24, gpt.currentLba],
    [32, gpt.alternateLba],
    [40, gpt.firstUsable],
    [48, gpt.lastUsable],
    [72, gpt.entriesLba],
  ] as const) {
    header.writeBigUInt64LE(BigInt(value), offset)
  }
  putGuid(header, 56, gpt.diskUuid)
  header.writeUInt32LE(gpt.entryCount, 80)
  header.writeUInt32LE(gpt.entryBytes, 84)
  header.writeUInt32LE(crc32(gpt.entries), 88)
  header.writeUInt32LE(crc32(header.subarray(0, 92)), 16)
  return header
}

/** Sectors that the entries take. */
export const entrySectors = (gpt: Gpt): number => Math.ceil((gpt.entryCount * gpt.entryBytes) / gpt.sectorBytes)

function withoutCrc(header: Buffer): Buffer {
  const copy = Buffer.from(header)
  copy.writeUInt32LE(0, 16)
  return copy
}

/** A sector number; beyond 2^53 it is no sector of any disk. */
function lbaAt(buffer: Buffer, offset: number): number {
  const value = buffer.readBigUInt64LE(offset)
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value)
}

/** GUIDs are stored with their first three groups in little-endian order. */
function guidAt(buffer: Buffer, offset: number): string {
  const hex = (from: number, to: number) => buffer.subarray(offset + from, offset + to).toString('hex')
  const swapped = (from: number, to: number) => Buffer.from(buffer.subarray(offset + from, offset + to)).reverse()
  const start = [swapped(0, 4), swapped(4, 6), swapped(6, 8)].map((part) => part.toString('hex'))
  return [...start, hex(8, 10), hex(10, 16)].join('-')
}

function putGuid(buffer: Buffer, offset: number, guid: string): void {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex')
  for (const [from, to] of [
    [0, 4],
    [4, 6],
    [6, 8],
  ] as const) {
    bytes.subarray(from, to).reverse()
  }
  bytes.copy(buffer, offset)
}
