import type { Qcow2Header } from './header.ts'
import { hex, refused } from './refuse.ts'
import type { RunList } from './run-list.ts'

/** What reading the entries of L2 tables needs to know. */
export type L2Context = { header: Qcow2Header; fileSize: number; runs: RunList }

/** An entry of an L2 table as two words, and the byte of the disk at which its cluster begins. */
type Entry = { guest: number; high: number; low: number }

/** Adds the clusters of one L2 table, whose first one is at `firstGuest` of the disk. Fault image_format_refused. */
export function addTable(context: L2Context, table: DataView, firstGuest: number): void {
  const { l2Entries, l2EntryBytes, clusterSize, virtualSize } = context.header
  const entries = Math.min(l2Entries, Math.ceil((virtualSize - firstGuest) / clusterSize))
  for (let index = 0; index < entries; index += 1) {
    const at = index * l2EntryBytes
    const high = table.getUint32(at)
    const low = table.getUint32(at + 4)
    const entry = { guest: firstGuest + index * clusterSize, high, low }
    if (l2EntryBytes === 16)
      addExtended(context, entry, { zero: table.getUint32(at + 8), data: table.getUint32(at + 12) })
    else if (high !== 0 || low !== 0) addPlain(context, entry)
  }
}

const cut = 'it seems to have been cut: fetch or make it again'
const isCompressed = ({ high }: Entry): boolean => (high & 0x4000_0000) !== 0
const offsetOf = ({ high, low }: Entry): number => (high & 0x00ff_ffff) * 2 ** 32 + ((low & 0xffff_fe00) >>> 0)

function addPlain(context: L2Context, entry: Entry): void {
  const { version, clusterSize } = context.header
  if (isCompressed(entry)) {
    addCompressed(context, entry)
    return
  }
  const zero = (entry.low & 1) !== 0
  if (zero && version === 2) throw badEntry(entry, 'is a zero cluster, which version 2 does not have')
  const host = hostCluster(context, entry)
  if (host !== 0 && !zero) addData(context, host, entry.guest, clusterSize)
}

/** With one bit for each of 32 subclusters: whether it is data, whether it reads as zeros; neither: it does too. */
function addExtended(context: L2Context, entry: Entry, bits: { data: number; zero: number }): void {
  if (isCompressed(entry)) {
    if (bits.data !== 0 || bits.zero !== 0) throw badEntry(entry, 'is compressed and has subclusters')
    addCompressed(context, entry)
    return
  }
  const host = hostCluster(context, entry)
  if ((bits.data & bits.zero) !== 0) throw badEntry(entry, 'has subclusters that are both data and zeros')
  if (host === 0 && bits.data !== 0) throw badEntry(entry, 'has data and no place in the file')
  const { subclusterSize } = context.header
  for (let number = 0; number < 32; number += 1) {
    if (((bits.data >>> number) & 1) === 0) continue
    const inside = number * subclusterSize
    addData(context, host + inside, entry.guest + inside, subclusterSize)
  }
}

/** Where the entry's cluster is; 0: nowhere. It is checked even when nothing of it is read. */
function hostCluster({ header, fileSize }: L2Context, entry: Entry): number {
  const { high, low } = entry
  const reserved = header.extendedL2 ? 0x1ff : 0x1fe
  if ((low & reserved) !== 0 || (high & 0x3f00_0000) !== 0) throw badEntry(entry, 'has reserved bits')
  const host = offsetOf(entry)
  if (host % header.clusterSize !== 0) throw badEntry(entry, `points to ${hex(host)}, where no cluster begins`)
  if (host >= fileSize) throw badEntry(entry, `points beyond the end of the file (${hex(host)})`)
  // The bit that says "used by nobody else" with no offset: only with a data file apart.
  if (host === 0 && (high & 0x8000_0000) !== 0) throw badEntry(entry, 'points into the header')
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

function addCompressed({ header, fileSize, runs }: L2Context, entry: Entry): void {
  const { guest, high, low } = entry
  // The lowest bit of the sector count, counted from bit 32.
  const shift = 70 - header.clusterBits - 32
  const host = (high & (2 ** shift - 1)) * 2 ** 32 + low
  const sectors = ((high & 0x3fff_ffff) >>> shift) + 1
  const end = host - (host % 512) + sectors * 512
  if (host < header.clusterSize) throw badEntry(entry, `is compressed and points into the header (${hex(host)})`)
  // The last sector need not be complete at the end of the file.
  if (host >= fileSize || end >= fileSize + 512)
    throw badEntry(entry, `points beyond the end of the file (${hex(host)})`)
  runs.addCompressed(host, guest, Math.min(end, fileSize) - host)
}

const badEntry = ({ guest }: Entry, what: string): Error =>
  refused(`has a cluster for the disk's byte ${hex(guest)} that ${what}`)
