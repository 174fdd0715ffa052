const sectorBytes = 512
const fats = 2
const reserved = 1
const rootEntries = 512
const perCluster = 2

type Entry = { name: string; directory: boolean; cluster: number; size: number }

/** A FAT16 file system of `sectors`, holding `files` by path (upper case 8.3 names). Same input, same bytes. */
export function fatImage(sectors: number, label: string, files: Readonly<Record<string, Uint8Array>>): Buffer {
  const clusters = Math.floor((sectors - reserved - (rootEntries * 32) / sectorBytes) / perCluster)
  const fatSectors = Math.ceil(((clusters + 2) * 2) / sectorBytes)
  const image = Buffer.alloc(sectors * sectorBytes)
  bootSector(image, sectors, fatSectors, label)
  const rootAt = (reserved + fats * fatSectors) * sectorBytes
  const dataAt = rootAt + rootEntries * 32
  const table = [0xfff8, 0xffff]
  const store: Store = (length, bytesFor) => {
    const first = table.length
    const count = Math.max(1, Math.ceil(length / (perCluster * sectorBytes)))
    for (let i = 1; i < count; i += 1) table.push(first + i)
    table.push(0xffff)
    image.set(bytesFor(first), dataAt + (first - 2) * perCluster * sectorBytes)
    return first
  }
  const root = entriesOf(Object.entries(files), 0, store)
  image.set(Buffer.concat([rawEntry(label, 0x08, 0, 0), ...root.map(entryBytes)]), rootAt)
  for (let copy = 0; copy < fats; copy += 1) {
    table.forEach((value, i) => image.writeUInt16LE(value, (reserved + copy * fatSectors) * sectorBytes + i * 2))
  }
  return image
}

/** Takes clusters for `length` bytes, puts there what `bytesFor` makes knowing the first one, and answers it. */
type Store = (length: number, bytesFor: (first: number) => Uint8Array) => number

/** Writes the files below the directory at cluster `parent` (0: the root) and answers the directory's entries. */
function entriesOf(files: [string, Uint8Array][], parent: number, store: Store): Entry[] {
  const groups = Map.groupBy(files, ([path]) => path.split('/')[0] ?? '')
  return [...groups].map(([name, group]) => {
    const only = group[0]
    if (only && only[0] === name) {
      const bytes = only[1]
      return { name, directory: false, cluster: store(bytes.length, () => bytes), size: bytes.length }
    }
    const below = group.map(([path, bytes]): [string, Uint8Array] => [path.slice(name.length + 1), bytes])
    const names = new Set(below.map(([path]) => path.split('/')[0]))
    const cluster = store((names.size + 2) * 32, (own) => {
      const dots = [rawEntry('.', 0x10, own, 0), rawEntry('..', 0x10, parent, 0)]
      return Buffer.concat([...dots, ...entriesOf(below, own, store).map(entryBytes)])
    })
    return { name, directory: true, cluster, size: 0 }
  })
}

function bootSector(image: Buffer, sectors: number, fatSectors: number, label: string): void {
  image.set([0xeb, 0x3c, 0x90])
  image.write('FERRITE ', 3, 'latin1')
  image.writeUInt16LE(sectorBytes, 11)
  image[13] = perCluster
  image.writeUInt16LE(reserved, 14)
  image[16] = fats
  image.writeUInt16LE(rootEntries, 17)
  image.writeUInt16LE(sectors < 65536 ? sectors : 0, 19)
  image[21] = 0xf8
  image.writeUInt16LE(fatSectors, 22)
  image.writeUInt16LE(63, 24)
  image.writeUInt16LE(255, 26)
  image.writeUInt32LE(sectors < 65536 ? 0 : sectors, 32)
  image[36] = 0x80
  image[38] = 0x29
  image.writeUInt32LE(0x46455252, 39)
  image.write(label.padEnd(11), 43, 'latin1')
  image.write('FAT16   ', 54, 'latin1')
  image.set([0x55, 0xaa], 510)
}

function rawEntry(name: string, attribute: number, cluster: number, size: number): Buffer {
  const entry = Buffer.alloc(32)
  entry.write(name.padEnd(11), 'latin1')
  entry[11] = attribute
  // 2026-01-01 00:00, so that the same files give the same image.
  entry.writeUInt16LE(((2026 - 1980) << 9) | (1 << 5) | 1, 24)
  entry.writeUInt16LE(cluster, 26)
  entry.writeUInt32LE(size, 28)
  return entry
}

function entryBytes({ name, directory, cluster, size }: Entry): Buffer {
  const [base = '', extension = ''] = name.split('.')
  return rawEntry(base.padEnd(8) + extension.padEnd(3), directory ? 0x10 : 0x20, cluster, size)
}
