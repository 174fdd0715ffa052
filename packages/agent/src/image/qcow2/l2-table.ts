import type { Qcow2Header } from './header.ts'
import { hex, refused } from './refuse.ts'
import type { RunList } from './run-list.ts'

/** What reading the entries of L2 tables needs to know. */
export type L2Context = { header: Qcow2Header; fileSize: number; runs: RunList }

/** Adds the clusters of one L2 table, whose first one is at `firstGuest` of the disk. Fault image_format_refused. */
export function addTable(context: L2Context, table: DataView, firstGuest: number): void {
  const { l2Entries, l2EntryBytes, clusterSize, virtualSize } = context.header
  const entries = Math.min(l2Entries, Math.ceil((virtualSize - firstGuest) / clusterSize))
  for (let index = 0; index < entries; index += 1) {
    const at = index * l2EntryBytes
    const high = table.getUint32(at)
    const low = table.getUint32(at + 4)
    const guest = firstGuest + index * clusterSize
    if (l2EntryBytes === 16) addExtended(context, guest, high, low, table.getUint32(at + 12), table.getUint32(at + 8))
    else if (high !== 0 || low !== 0) addPlain(context, guest, high, low)
  }
}

const cut = 'it seems to have been cut: fetch or make it again'
const isCompressed = (high: number): boolean => (high & 0x4000_0000) !== 0
const offsetOf = (high: number, low: number): number => (high & 0x00ff_ffff) * 2 ** 32 + ((low & 0xffff_fe00) >>> 0)

function addPlain(context: L2Context, guest: number, high: number, low: number): void {
  const { version, clusterSize } = context.header
  if (isCompressed(high)) {
    addCompressed(context, guest, high, low)
    return
  }
  const zero = (low & 1) !== 0
  if (zero && version === 2) throw refused(`of version 2 has a zero cluster for the disk's byte ${hex(guest)}`)
  const host = hostCluster(context, guest, high, low)
  if (host !== 0 && !zero) addData(context, host, guest, clusterSize)
}

function addExtended(
  context: L2Context,
  guest: number,
  high: number,
  low: number,
  allocated: number,
  zero: number,
): void {
  if (isCompressed(high)) {
    if (allocated !== 0 || zero !== 0) throw badEntry(guest, 'is compressed and has subclusters')
    addCompressed(context, guest, high, low)
    return
  }
  const host = hostCluster(context, guest, high, low)
  if ((allocated & zero) !== 0) throw badEntry(guest, 'has subclusters that are both data and zeros')
  if (host === 0 && allocated !== 0) throw badEntry(guest, 'has data and no place in the file')
  const { subclusterSize } = context.header
  for (let number = 0; number < 32; number += 1) {
    if (((allocated >>> number) & 1) === 0) continue
    const inside = number * subclusterSize
    addData(context, host + inside, guest + inside, subclusterSize)
  }
}

/** Where the entry's cluster is; 0: nowhere. It is checked even when nothing of it is read. */
function hostCluster({ header, fileSize }: L2Context, guest: number, high: number, low: number): number {
  const reserved = header.extendedL2 ? 0x1ff : 0x1fe
  if ((low & reserved) !== 0 || (high & 0x3f00_0000) !== 0) throw badEntry(guest, 'has reserved bits')
  const host = offsetOf(high, low)
  if (host % header.clusterSize !== 0) throw badEntry(guest, `points to ${hex(host)}, where no cluster begins`)
  if (host >= fileSize) throw badEntry(guest, `points beyond the end of the file (${hex(host)})`)
  // The bit that says "used by nobody else" with no offset: only with a data file apart.
  if (host === 0 && (high & 0x8000_0000) !== 0) throw badEntry(guest, 'points into the header')
  return host
}

function addData({ header, fileSize, runs }: L2Context, host: number, guest: number, bytes: number): void {
  const wanted = Math.min(bytes, header.virtualSize - guest)
  if (wanted <= 0) return
  // A file may end inside its last cluster: the rest reads as zeros.
  const there = Math.min(wanted, fileSize - host)
  if (there < wanted && there % 512 !== 0) throw refused('ends inside a sector of its last cluster', cut)
  if (there > 0) runs.addData(host, guest, there)
}

function addCompressed({ header, fileSize, runs }: L2Context, guest: number, high: number, low: number): void {
  // The lowest bit of the sector count, counted from bit 32.
  const shift = 70 - header.clusterBits - 32
  const host = (high & (2 ** shift - 1)) * 2 ** 32 + low
  const sectors = ((high & 0x3fff_ffff) >>> shift) + 1
  const end = host - (host % 512) + sectors * 512
  if (host < header.clusterSize) throw badEntry(guest, `is compressed and points into the header (${hex(host)})`)
  // The last sector need not be complete at the end of the file.
  if (host >= fileSize || end >= fileSize + 512)
    throw badEntry(guest, `points beyond the end of the file (${hex(host)})`)
  runs.addCompressed(host, guest, Math.min(end, fileSize) - host)
}

const badEntry = (guest: number, what: string): Error =>
  refused(`has a cluster for the disk's byte ${hex(guest)} that ${what}`)
