import { Fault } from '@ferrite/shared/fault'
import { ascii, both32, directoryRecord, packRecords, ucs2, volumeDescriptor } from './fields.ts'
import { directoriesOf, isDirectory, sectorBytes, sectorsOf, treeOf } from './layout.ts'
import type { Entry } from './layout.ts'
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

/**
 * An ISO 9660 image of these files (path → bytes) with Rock Ridge and Joliet names. Equal input gives equal bytes.
 * Fault invalid for a name or a volume id that cannot be written.
 */
export function writeIso(image: { volumeId: string; files: Readonly<Record<string, Uint8Array>> }): Uint8Array {
  if (!/^[A-Za-z0-9_.-]{1,16}$/.test(image.volumeId)) {
    throw new Fault(
      'invalid',
      `an ISO volume cannot be named ${JSON.stringify(image.volumeId)}: use 1 to 16 of A-Z a-z 0-9 _ . -`,
    )
  }
  const root = treeOf(image.files)
  const trees = [plan(root, false), plan(root, true)]

  // 16 sectors belong to whatever boots; then two volume descriptors and their terminator.
  let next = 19
  for (const tree of trees) next = placeDirectories(tree, next)
  const files = directoriesOf(root, byPlainName).flatMap((entry) =>
    entry.children.filter((child) => !isDirectory(child)),
  )
  for (const file of files) {
    const bytes = file.content?.length ?? 0
    for (const tree of trees) tree.extents.set(file, { sector: next, bytes })
    next += sectorsOf(bytes)
  }

  const iso = new Uint8Array(next * sectorBytes)
  const put = (sector: number, bytes: Uint8Array) => iso.set(bytes, sector * sectorBytes)
  for (const [i, tree] of trees.entries()) {
    put(16 + i, descriptor(tree, image.volumeId, next))
    put(tree.pathTableSector, pathTable(tree, 'little'))
    put(tree.pathTableSector + sectorsOf(tree.pathTableBytes), pathTable(tree, 'big'))
    for (const directory of tree.directories) put(extent(tree, directory).sector, recordsOf(tree, directory))
  }
  put(18, Uint8Array.from([255, ...ascii('CD001'), 1]))
  for (const file of files) put(trees[0] ? extent(trees[0], file).sector : 0, file.content ?? new Uint8Array())
  return iso
}

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
