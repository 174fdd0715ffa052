import { Fault } from '@ferrite/shared/fault'
import { ascii, both32, directoryRecord, packRecords, ucs2, volumeDescriptor } from './fields.ts'
import { directoriesOf, isDirectory, sectorBytes, sectorsOf, treeOf } from './layout.ts'
import type { Entry } from './layout.ts'
import { bootRecord } from './el-torito.ts'
import { alternateName, posixAttributes, rockRidgeExtension, rockRidgeStart } from './rock-ridge.ts'

type Extent = { sector: number; bytes: number }

/** One of the two trees of an image: the plain one with Rock Ridge names, or Joliet's. They share the files. */
type Tree = {
  joliet: boolean
  order: (a: Entry, b: Entry) => number
  root: Entry
  directories: Entry[]
  /** Where each directory and file lies; empty until it is known. */
  extents: Map<Entry, Extent>
  pathTableBytes: number
  /** First sector of the little-endian path table; the big-endian one follows it. */
  pathTableSector: number
}

/** Where everything of an image lies. `head` is all that comes before the first file's sector. */
export type LaidIso = { head: Uint8Array; sectors: number; files: readonly LaidFile[] }
export type LaidFile = { path: string; sector: number; bytes: number }

export type IsoImage<Content extends { readonly length: number }> = {
  volumeId: string
  files: Readonly<Record<string, Content>>
  /** The boot catalogue (El Torito) of an image that boots, made when it is known where its files lie. */
  bootCatalogue?: (files: readonly LaidFile[]) => Uint8Array
}

/**
 * An ISO 9660 image of these files (path → bytes) with Rock Ridge and Joliet names. Equal input gives equal bytes.
 * Fault invalid for a name or a volume id that cannot be written.
 */
export function writeIso(image: IsoImage<Uint8Array>): Uint8Array {
  const { head, sectors, files } = layIso(image)
  const iso = new Uint8Array(sectors * sectorBytes)
  iso.set(head)
  for (const { path, sector } of files) iso.set(image.files[path] ?? new Uint8Array(), sector * sectorBytes)
  return iso
}

/** Everything of an image but its files, of which only the lengths need be known. Faults of `writeIso`. */
export function layIso(image: IsoImage<{ readonly length: number }>): LaidIso {
  if (!/^[A-Za-z0-9_.-]{1,16}$/.test(image.volumeId)) {
    throw new Fault(
      'invalid',
      `an ISO volume cannot be named ${JSON.stringify(image.volumeId)}: use 1 to 16 of A-Z a-z 0-9 _ . -`,
    )
  }
  const root = treeOf(image.files)
  const trees = [plan(root, false), plan(root, true)]

  // 16 sectors belong to whatever boots; then the volume descriptors and their terminator, and the boot catalogue.
  const boots = image.bootCatalogue !== undefined
  let next = boots ? 21 : 19
  for (const tree of trees) next = placeDirectories(tree, next)
  const headSectors = next
  const entries = directoriesOf(root, byPlainName).flatMap((entry) =>
    entry.children.filter((child) => !isDirectory(child)),
  )
  const files = entries.map((file): LaidFile => {
    const placed = { sector: next, bytes: file.content?.length ?? 0 }
    for (const tree of trees) tree.extents.set(file, placed)
    next += sectorsOf(placed.bytes)
    return { path: pathOf(file), ...placed }
  })

  const head = new Uint8Array(headSectors * sectorBytes)
  const put = (sector: number, bytes: Uint8Array) => head.set(bytes, sector * sectorBytes)
  // A boot record must be the second descriptor.
  const descriptorSectors = boots ? [16, 18] : [16, 17]
  for (const [i, tree] of trees.entries()) {
    put(descriptorSectors[i] ?? 0, descriptor(tree, image.volumeId, next))
    put(tree.pathTableSector, pathTable(tree, 'little'))
    put(tree.pathTableSector + sectorsOf(tree.pathTableBytes), pathTable(tree, 'big'))
    for (const directory of tree.directories) put(extent(tree, directory).sector, recordsOf(tree, directory))
  }
  if (image.bootCatalogue) {
    put(17, bootRecord(20))
    put(20, image.bootCatalogue(files))
  }
  put(boots ? 19 : 18, Uint8Array.from([255, ...ascii('CD001'), 1]))
  return { head, sectors: next, files }
}

const pathOf = (entry: Entry): string => (entry.parent?.parent ? `${pathOf(entry.parent)}/${entry.name}` : entry.name)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const byPlainName = (a: Entry, b: Entry): number => compare(a.plainName, b.plainName)
const byName = (a: Entry, b: Entry): number => compare(a.name, b.name)

const identifier = (tree: Tree, entry: Entry): number[] =>
  entry === tree.root ? [0] : tree.joliet ? ucs2(entry.name) : ascii(entry.plainName)
const extent = (tree: Tree, entry: Entry): Extent => tree.extents.get(entry) ?? { sector: 0, bytes: 0 }

function plan(root: Entry, joliet: boolean): Tree {
  const order = joliet ? byName : byPlainName
  const directories = directoriesOf(root, order)
  const tree: Tree = { joliet, order, root, directories, extents: new Map(), pathTableBytes: 0, pathTableSector: 0 }
  tree.pathTableBytes = pathTable(tree, 'little').length
  return tree
}

/** Gives every directory its place; the length of its records does not depend on the places they name. */
function placeDirectories(tree: Tree, first: number): number {
  tree.pathTableSector = first
  let next = first + 2 * sectorsOf(tree.pathTableBytes)
  for (const directory of tree.directories) {
    const bytes = recordsOf(tree, directory).length
    tree.extents.set(directory, { sector: next, bytes })
    next += sectorsOf(bytes)
  }
  return next
}

function descriptor(tree: Tree, volumeId: string, sectors: number): Uint8Array {
  return volumeDescriptor({
    joliet: tree.joliet,
    volumeId,
    sectors,
    pathTableBytes: tree.pathTableBytes,
    pathTableSectors: [tree.pathTableSector, tree.pathTableSector + sectorsOf(tree.pathTableBytes)],
    rootRecord: directoryRecord({ ...extent(tree, tree.root), directory: true, identifier: [0] }),
  })
}

function pathTable(tree: Tree, order: 'little' | 'big'): Uint8Array {
  const bytes = tree.directories.flatMap((directory) => {
    const name = identifier(tree, directory)
    const sector = both32(extent(tree, directory).sector)
    const parent = directory.parent ? tree.directories.indexOf(directory.parent) + 1 : 1
    const number = [parent & 255, parent >> 8]
    return [
      name.length,
      0,
      ...(order === 'little' ? sector.slice(0, 4) : sector.slice(4)),
      ...(order === 'little' ? number : number.toReversed()),
      ...name,
      ...(name.length % 2 === 1 ? [0] : []),
    ]
  })
  return Uint8Array.from(bytes)
}

/** The records of one directory: itself, its parent, its children in order. */
function recordsOf(tree: Tree, directory: Entry): Uint8Array {
  const record = (entry: Entry, name: number[], system: number[]) =>
    directoryRecord({
      ...extent(tree, entry),
      directory: isDirectory(entry),
      identifier: name,
      system: tree.joliet ? [] : system,
    })
  const attributes = posixAttributes(true)
  const own = directory === tree.root ? [...rockRidgeStart, ...attributes, ...rockRidgeExtension] : attributes
  return packRecords([
    record(directory, [0], own),
    record(directory.parent ?? directory, [1], attributes),
    ...directory.children
      .toSorted(tree.order)
      .map((child) =>
        record(child, identifier(tree, child), [...posixAttributes(isDirectory(child)), ...alternateName(child.name)]),
      ),
  ])
}
