import { sectorBytes } from './layout.ts'

/** The least kind of ISO time: 2000-01-01, so that equal input gives equal bytes. */
const recordTime = [100, 1, 1, 0, 0, 0, 0]
const volumeTime = '2000010100000000'

/** Numbers twice, little- then big-endian, as ECMA-119 7.2.3 and 7.3.3 want them. */
export const both16 = (n: number): number[] => [n & 255, n >> 8, n >> 8, n & 255]
export function both32(n: number): number[] {
  const le = [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24]
  return [...le, ...le.toReversed()]
}

export const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')]
export const padded = (text: string, length: number): number[] => ascii(text.slice(0, length).padEnd(length, ' '))

/** UCS-2 big-endian, as Joliet writes names. */
export const ucs2 = (text: string): number[] => [...Buffer.from(text, 'utf16le').swap16()]
export const ucs2Padded = (text: string, bytes: number): number[] =>
  ucs2(text.slice(0, bytes >> 1).padEnd(bytes >> 1, ' '))

/** A directory record (ECMA-119 9.1). */
export function directoryRecord(record: {
  sector: number
  bytes: number
  directory: boolean
  identifier: number[]
  system?: number[]
}): number[] {
  const { identifier, system = [] } = record
  const body = [
    0,
    ...both32(record.sector),
    ...both32(record.bytes),
    ...recordTime,
    record.directory ? 2 : 0,
    0,
    0,
    ...both16(1),
    identifier.length,
    ...identifier,
    ...(identifier.length % 2 === 0 ? [0] : []),
    ...system,
  ]
  if (body.length % 2 === 0) body.push(0)
  return [body.length + 1, ...body]
}

/** Joins records so that none crosses a sector, and fills the last sector. */
export function packRecords(records: number[][]): Uint8Array {
  const out: number[] = []
  for (const record of records) {
    const left = sectorBytes - (out.length % sectorBytes)
    if (record.length > left) out.push(...Array.from({ length: left }, () => 0))
    out.push(...record)
  }
  const bytes = new Uint8Array(Math.ceil(out.length / sectorBytes) * sectorBytes)
  bytes.set(out)
  return bytes
}

/** A volume descriptor, primary or (Joliet) supplementary. */
export function volumeDescriptor(volume: {
  joliet: boolean
  volumeId: string
  sectors: number
  pathTableBytes: number
  pathTableSectors: readonly [little: number, big: number]
  rootRecord: number[]
}): Uint8Array {
  const text = volume.joliet ? ucs2Padded : padded
  const [little, big] = volume.pathTableSectors
  const bigEndian = [(big >>> 24) & 255, (big >>> 16) & 255, (big >>> 8) & 255, big & 255]
  const fields = [
    volume.joliet ? 2 : 1,
    ...ascii('CD001'),
    1,
    0,
    ...text('LINUX', 32),
    ...text(volume.volumeId, 32),
    ...zeros(8),
    ...both32(volume.sectors),
    ...(volume.joliet ? [...ascii('%/E'), ...zeros(29)] : zeros(32)),
    ...both16(1),
    ...both16(1),
    ...both16(sectorBytes),
    ...both32(volume.pathTableBytes),
    ...both32(little).slice(0, 4),
    ...zeros(4),
    ...bigEndian,
    ...zeros(4),
    ...volume.rootRecord,
    ...text('', 128 * 3),
    ...text('FERRITE', 128),
    ...text('', 37 * 3 - (volume.joliet ? 1 : 0)),
    ...(volume.joliet ? [0] : []),
    ...[0, 0, 1, 1].flatMap((set) => (set === 0 ? [...ascii(volumeTime), 0] : [...ascii('0'.repeat(16)), 0])),
    1,
    0,
  ]
  const bytes = new Uint8Array(sectorBytes)
  bytes.set(fields)
  return bytes
}

export const zeros = (count: number): number[] => Array.from({ length: count }, () => 0)
