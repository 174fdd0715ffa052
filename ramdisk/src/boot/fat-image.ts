import { Fault } from '@ferrite/shared/fault'

const sectorBytes = 512
const clusterSectors = 2
const clusterBytes = clusterSectors * sectorBytes
const rootEntries = 512
const rootSectors = (rootEntries * 32) / sectorBytes

type Node = { name: string; content: Buffer; children: Node[] | undefined; cluster: number }

/**
 * A FAT16 file system that holds exactly these files (`EFI/BOOT/BOOTX64.EFI`, names of 8.3 in capitals). Equal input gives
 * equal bytes. Fault invalid for other names.
 */
export function fatImage(files: Readonly<Record<string, Buffer>>): Buffer {
  const root = treeOf(files)
  // FAT16 needs at least 4085 clusters, or readers take it for FAT12.
  const data = place(root, 2) - 2
  const clusters = Math.max(4200, data + 16)
  const fatSectors = Math.ceil(((clusters + 2) * 2) / sectorBytes)
  const dataStart = 1 + 2 * fatSectors + rootSectors
  const total = dataStart + clusters * clusterSectors
  const image = Buffer.alloc(total * sectorBytes)
  bootSector({ fatSectors, total }).copy(image)
  const fat = tableOf(root, clusters)
  fat.copy(image, sectorBytes)
  fat.copy(image, (1 + fatSectors) * sectorBytes)
  directoryOf(root, undefined).copy(image, (1 + 2 * fatSectors) * sectorBytes)
  for (const { node, parent } of below(root)) {
    const content = node.children ? directoryOf(node, parent) : node.content
    content.copy(image, dataStart * sectorBytes + (node.cluster - 2) * clusterBytes)
  }
  return image
}

function treeOf(files: Readonly<Record<string, Buffer>>): Node {
  const root: Node = { name: '', content: Buffer.alloc(0), children: [], cluster: 0 }
  for (const [file, content] of Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))) {
    let at = root
    const names = file.split('/')
    for (const [i, name] of names.entries()) {
      if (!/^[A-Z0-9_]{1,8}(\.[A-Z0-9_]{1,3})?$/.test(name)) throw new Fault('invalid', `FAT cannot hold ${file}`)
      const isLast = i === names.length - 1
      let next = at.children?.find((child) => child.name === name)
      if (!next) {
        next = { name, content: isLast ? content : Buffer.alloc(0), children: isLast ? undefined : [], cluster: 0 }
        at.children?.push(next)
      }
      at = next
    }
  }
  return root
}

function* below(node: Node): Generator<{ node: Node; parent: Node }> {
  for (const child of node.children ?? []) {
    yield { node: child, parent: node }
    yield* below(child)
  }
}

const clustersOf = (node: Node): number =>
  Math.max(1, Math.ceil((node.children ? (node.children.length + 2) * 32 : node.content.length) / clusterBytes))

/** Gives every file and directory its first cluster; returns the first free one. */
function place(root: Node, first: number): number {
  let next = first
  for (const { node } of below(root)) {
    node.cluster = next
    next += clustersOf(node)
  }
  return next
}

function tableOf(root: Node, clusters: number): Buffer {
  const fat = Buffer.alloc((clusters + 2) * 2)
  fat.writeUInt16LE(0xfff8, 0)
  fat.writeUInt16LE(0xffff, 2)
  for (const { node } of below(root)) {
    const last = node.cluster + clustersOf(node) - 1
    for (let at = node.cluster; at < last; at += 1) fat.writeUInt16LE(at + 1, at * 2)
    fat.writeUInt16LE(0xffff, last * 2)
  }
  return fat
}

function directoryOf(node: Node, parent: Node | undefined): Buffer {
  const entries = (node.children ?? []).map((child) => entry(fatName(child.name), child))
  if (!parent) return Buffer.concat(entries)
  const own = [entry('.          ', node), entry('..         ', parent)]
  return Buffer.concat([...own, ...entries])
}

function entry(name: string, { children, content, cluster }: Node): Buffer {
  const record = Buffer.alloc(32)
  record.write(name, 0, 'latin1')
  record[11] = children ? 0x10 : 0x20
  // 2000-01-01, the same for all.
  for (const at of [16, 18, 24]) record.writeUInt16LE(0x2821, at)
  record.writeUInt16LE(cluster, 26)
  record.writeUInt32LE(children ? 0 : content.length, 28)
  return record
}

function fatName(name: string): string {
  const [stem = '', extension = ''] = name.split('.')
  return stem.padEnd(8) + extension.padEnd(3)
}

function bootSector({ fatSectors, total }: { fatSectors: number; total: number }): Buffer {
  const sector = Buffer.alloc(sectorBytes)
  sector.set([0xeb, 0x3c, 0x90])
  sector.write('FERRITE ', 3, 'latin1')
  sector.writeUInt16LE(sectorBytes, 11)
  sector[13] = clusterSectors
  sector.writeUInt16LE(1, 14)
  sector[16] = 2
  sector.writeUInt16LE(rootEntries, 17)
  sector.writeUInt16LE(total < 65_536 ? total : 0, 19)
  sector[21] = 0xf8
  sector.writeUInt16LE(fatSectors, 22)
  sector.writeUInt16LE(63, 24)
  sector.writeUInt16LE(255, 26)
  sector.writeUInt32LE(total < 65_536 ? 0 : total, 32)
  sector[36] = 0x80
  sector[38] = 0x29
  sector.writeUInt32LE(0x46455252, 39)
  sector.write('FERRITE ESPFAT16   ', 43, 'latin1')
  sector.writeUInt16BE(0x55aa, 510)
  return sector
}
