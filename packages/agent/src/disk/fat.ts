import { Fault } from '@ferrite/shared/fault'

/** Reads bytes of a volume; offsets are the volume's. */
export type ReadVolume = (offset: number, length: number) => Promise<Uint8Array>

export type FatEntry = { name: string; isDirectory: boolean; cluster: number; size: number }

export interface FatVolume {
  /** Entries of a directory given by its path, `/` between names; undefined when there is none. Names match in any case. */
  list(path: string): Promise<FatEntry[] | undefined>
  /** The bytes of a file. Fault partition_table_invalid when the volume is broken, too_large over 1 MiB. */
  read(entry: FatEntry): Promise<Uint8Array>
}

type Layout = {
  bits: 12 | 16 | 32
  clusterBytes: number
  fatAt: number
  rootAt: number
  rootBytes: number
  dataAt: number
}
type Geometry = Layout & { rootCluster: number; clusters: number }

const maxFileBytes = 1024 * 1024
const maxDirectoryBytes = 4 * 1024 * 1024

/**
 * A FAT file system, read without the kernel: what an image holds is never mounted. Fault partition_table_invalid when it is
 * not one.
 */
export async function openFat(read: ReadVolume): Promise<FatVolume> {
  const geometry = geometryOf(Buffer.from(await read(0, 512)))
  const next = fatReader(read, geometry)

  async function chain(first: number, limit: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let bytes = 0
    for (let at = first; at >= 2 && at < geometry.clusters + 2; at = await next(at)) {
      bytes += geometry.clusterBytes
      if (bytes > limit + geometry.clusterBytes) throw broken('a chain of clusters is too long')
      parts.push(await read(geometry.dataAt + (at - 2) * geometry.clusterBytes, geometry.clusterBytes))
    }
    return Buffer.concat(parts)
  }

  const directory = async (cluster: number | undefined): Promise<FatEntry[]> => {
    if (cluster !== undefined && cluster !== 0) return entriesOf(await chain(cluster, maxDirectoryBytes))
    if (geometry.bits === 32) return entriesOf(await chain(geometry.rootCluster, maxDirectoryBytes))
    return entriesOf(await read(geometry.rootAt, geometry.rootBytes))
  }

  return {
    async list(path) {
      let entries = await directory(undefined)
      for (const part of path.split('/').filter(Boolean)) {
        const found = entries.find(({ name, isDirectory }) => isDirectory && name.toLowerCase() === part.toLowerCase())
        if (!found) return undefined
        entries = await directory(found.cluster)
      }
      return entries
    },
    async read({ cluster, size }) {
      if (size > maxFileBytes) throw new Fault('too_large', `a file of ${size} bytes is not what was looked for`)
      return (await chain(cluster, size)).subarray(0, size)
    },
  }
}

const isPower = (value: number): boolean => value > 0 && (value & (value - 1)) === 0

function geometryOf(boot: Buffer): Geometry {
  const sectorBytes = boot.readUInt16LE(11)
  const clusterBytes = sectorBytes * boot.readUInt8(13)
  if (boot.readUInt16LE(510) !== 0xaa55 || !isPower(sectorBytes) || !isPower(clusterBytes))
    throw broken('it is not FAT')
  const fatAt = boot.readUInt16LE(14) * sectorBytes
  const fatBytes = (boot.readUInt16LE(22) || boot.readUInt32LE(36)) * sectorBytes
  const rootBytes = boot.readUInt16LE(17) * 32
  const total = (boot.readUInt16LE(19) || boot.readUInt32LE(32)) * sectorBytes
  const rootAt = fatAt + fatBytes * boot.readUInt8(16)
  const dataAt = rootAt + Math.ceil(rootBytes / sectorBytes) * sectorBytes
  const clusters = Math.floor((total - dataAt) / clusterBytes)
  if (sectorBytes < 512 || fatBytes === 0 || clusters < 1) throw broken('it is not FAT')
  const bits = clusters < 4085 ? 12 : clusters < 65_525 ? 16 : 32
  return { bits, clusterBytes, fatAt, rootAt, rootBytes, dataAt, clusters, rootCluster: boot.readUInt32LE(44) }
}

/** The cluster after a cluster; anything outside of the volume ends a chain. */
function fatReader(read: ReadVolume, { bits, fatAt }: Geometry): (cluster: number) => Promise<number> {
  const cache = new Map<number, Buffer>()
  const sector = async (index: number): Promise<Buffer> => {
    const known = cache.get(index)
    if (known) return known
    // One more sector: an entry of FAT12 may cross the border.
    const bytes = Buffer.from(await read(fatAt + index * 512, 1024))
    cache.set(index, bytes)
    return bytes
  }
  return async (cluster) => {
    const at = Math.floor((cluster * bits) / 8)
    const bytes = await sector(Math.floor(at / 512))
    const within = at % 512
    if (bits === 32) return bytes.readUInt32LE(within) & 0x0fff_ffff
    const word = bytes.readUInt16LE(within)
    if (bits === 16) return word >= 0xfff7 ? 0 : word
    const entry = cluster % 2 === 0 ? word & 0xfff : word >> 4
    return entry >= 0xff7 ? 0 : entry
  }
}

function entriesOf(bytes: Uint8Array): FatEntry[] {
  const directory = Buffer.from(bytes)
  const entries: FatEntry[] = []
  let long = ''
  for (let at = 0; at + 32 <= directory.length; at += 32) {
    const entry = directory.subarray(at, at + 32)
    const [first = 0] = entry
    const attributes = entry.readUInt8(11)
    if (first === 0) break
    if (attributes === 0x0f) {
      long = longPart(entry) + (first & 0x40 ? '' : long)
      continue
    }
    const name = long || shortName(entry)
    long = ''
    if (first === 0xe5 || (attributes & 0x08) !== 0 || name === '.' || name === '..') continue
    const cluster = (entry.readUInt16LE(20) << 16) | entry.readUInt16LE(26)
    entries.push({ name, isDirectory: (attributes & 0x10) !== 0, cluster, size: entry.readUInt32LE(28) })
  }
  return entries
}

function longPart(entry: Buffer): string {
  const text = Buffer.concat([entry.subarray(1, 11), entry.subarray(14, 26), entry.subarray(28, 32)]).toString(
    'utf16le',
  )
  return text.replace(/[\0\uffff].*$/s, '')
}

/** Windows and Linux keep names that are all lower case as short ones, with a bit for the name and one for the extension. */
function shortName(entry: Buffer): string {
  const flags = entry.readUInt8(12)
  const lower = (text: string, bit: number) => (flags & bit ? text.toLowerCase() : text)
  const base = lower(entry.toString('latin1', 0, 8).trimEnd(), 0x08)
  const extension = lower(entry.toString('latin1', 8, 11).trimEnd(), 0x10)
  return extension ? `${base}.${extension}` : base
}

const broken = (why: string): Fault => new Fault('partition_table_invalid', `cannot read the file system: ${why}`)
