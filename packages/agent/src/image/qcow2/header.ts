import { u64, viewOf } from './big-endian.ts'
import { checkFeatures } from './features.ts'
import type { Features } from './features.ts'
import { readExtensions } from './header-extensions.ts'
import { maxL1Bytes, maxRefcountTableBytes, maxSnapshots } from './limits.ts'
import { hex, refused } from './refuse.ts'

/** A part of the file that has a use of its own, so that nothing else may be there. */
export type Region = { what: string; offset: number; bytes: number }

export type Qcow2Header = Features & {
  version: 2 | 3
  clusterBits: number
  clusterSize: number
  virtualSize: number
  /** The bytes of the file that were parsed: header and extensions. */
  headerBytes: number
  l1Offset: number
  /** As many as the virtual size needs; the table may have more, which belong to no guest cluster. */
  l1Entries: number
  /** Entries of one L2 table, and the size of one. */
  l2Entries: number
  l2EntryBytes: number
  /** The smallest part of a cluster that can be allocated on its own. */
  subclusterSize: number
  snapshots: number
  reserved: Region[]
}

/** As much of a file as `parseHeader` ever looks at. */
export const headBytes = 64 * 1024

/** Reads the header from the first `headBytes` of a file (or all of a smaller one). Fault image_format_refused. */
export function parseHeader(head: Uint8Array, fileSize: number): Qcow2Header {
  const view = viewOf(head)
  const version = checkStart(view)
  const geometry = readGeometry(view)
  const headerLength = version === 2 ? 72 : checkLength(view, geometry.clusterSize)
  const headerBytes = Math.min(head.length, geometry.clusterSize)
  if (u64(view, 8) !== 0) {
    const advice = 'flatten it with qemu-img convert -O qcow2 IMAGE NEW, which copies what the backing file has'
    throw refused('has a backing file, so it is only a part of a disk', advice)
  }
  checkEncryption(view.getUint32(32))
  const extensions = readExtensions(head.subarray(0, headerBytes), headerLength, geometry.clusterSize)
  const features = checkFeatures(view, headerLength, extensions)
  const tables = tableShape(geometry, features)
  const bitmaps = features.bitmapsValid && extensions.bitmaps ? [extensions.bitmaps] : []
  const reserved = [...reservedRegions(view, geometry.clusterSize), ...bitmaps]
  const header = { ...geometry, ...features, ...tables, version, headerBytes, reserved }
  const snapshots = view.getUint32(60)
  const l1Offset = u64(view, 40)
  checkL1(view, header.l1Entries)
  const l1: Region = { what: 'L1 table', offset: l1Offset, bytes: header.l1Entries * 8 }
  for (const region of [l1, ...reserved]) checkRegion(region, geometry.clusterSize, fileSize)
  return { ...header, snapshots, l1Offset }
}

function checkStart(view: DataView): 2 | 3 {
  if (view.byteLength < 72 || view.getUint32(0) !== 0x514649fb) throw refused('has no qcow2 header')
  const version = view.getUint32(4)
  if (version === 2 || version === 3) {
    if (version === 3 && view.byteLength < 104) throw refused('ends inside its header')
    return version
  }
  const known = version === 1 ? 'is of the old version 1' : `is of the unknown version ${version}`
  throw refused(known, 'convert it with qemu-img convert -O qcow2', { version })
}

function readGeometry(view: DataView): { clusterBits: number; clusterSize: number; virtualSize: number } {
  const clusterBits = view.getUint32(20)
  const virtualSize = u64(view, 24)
  if (clusterBits < 9 || clusterBits > 21) {
    throw refused(`has clusters of 2^${clusterBits} bytes; 512 bytes to 2 MiB are possible`)
  }
  if (virtualSize === 0) throw refused('holds an empty disk', 'there is nothing to write')
  if (virtualSize > Number.MAX_SAFE_INTEGER) throw refused('has an impossible virtual size')
  return { clusterBits, clusterSize: 2 ** clusterBits, virtualSize }
}

function checkLength(view: DataView, clusterSize: number): number {
  const length = view.getUint32(100)
  if (length < 104 || length % 8 !== 0 || length > Math.min(clusterSize, view.byteLength)) {
    throw refused(`has a header of ${length} bytes, which is impossible`)
  }
  return length
}

function checkEncryption(method: number): void {
  if (method === 0) return
  const name = method === 1 ? 'AES' : method === 2 ? 'LUKS' : `unknown method ${method}`
  throw refused(`is encrypted (${name})`, 'decrypt it first: qemu-img convert with --object secret,…', { method })
}

function tableShape(
  { clusterSize, clusterBits, virtualSize }: { clusterSize: number; clusterBits: number; virtualSize: number },
  { extendedL2 }: Features,
): Pick<Qcow2Header, 'l1Entries' | 'l2Entries' | 'l2EntryBytes' | 'subclusterSize'> {
  if (extendedL2 && clusterBits < 14) throw refused('has extended L2 entries with clusters below 16 KiB')
  const l2EntryBytes = extendedL2 ? 16 : 8
  const l2Entries = clusterSize / l2EntryBytes
  const l1Entries = Math.ceil(virtualSize / (clusterSize * l2Entries))
  return { l1Entries, l2Entries, l2EntryBytes, subclusterSize: extendedL2 ? clusterSize / 32 : clusterSize }
}

function checkL1(view: DataView, needed: number): void {
  const entries = view.getUint32(36)
  if (entries * 8 > maxL1Bytes)
    throw refused(`has an L1 table of ${entries} entries, which is more than any tool makes`)
  if (entries < needed) throw refused(`has an L1 table of ${entries} entries, but its virtual size needs ${needed}`)
}

/** What the header itself points at and this reader has no use for. */
function reservedRegions(view: DataView, clusterSize: number): Region[] {
  const refcountBytes = view.getUint32(56) * clusterSize
  const snapshots = view.getUint32(60)
  if (refcountBytes === 0) throw refused('has no refcount table')
  if (refcountBytes > maxRefcountTableBytes) throw refused('has a refcount table larger than 8 MiB')
  if (snapshots > maxSnapshots) throw refused(`has ${snapshots} snapshots, more than any tool makes`)
  const regions = [{ what: 'refcount table', offset: u64(view, 48), bytes: refcountBytes }]
  // An entry has at least 40 bytes.
  if (snapshots > 0) regions.push({ what: 'snapshot table', offset: u64(view, 64), bytes: snapshots * 40 })
  return regions
}

function checkRegion({ what, offset, bytes }: Region, clusterSize: number, fileSize: number): void {
  if (offset % clusterSize !== 0) throw refused(`has its ${what} at ${hex(offset)}, which no cluster begins at`)
  if (offset === 0) throw refused(`has its ${what} in its header`)
  if (offset + bytes > fileSize) throw refused(`has its ${what} at ${hex(offset)}, beyond the end of the file`)
}
