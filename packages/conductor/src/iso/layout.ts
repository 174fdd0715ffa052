import { Fault } from '@ferrite/shared/fault'

type Content = { readonly length: number }

/** One directory or file of a tree that becomes an ISO image. */
export type Entry = {
  name: string
  parent: Entry | undefined
  children: Entry[]
  /** Of a file; only its length matters here. */
  content: Content | undefined
  /** Name in the primary tree: capital letters, digits, underscore, one dot. */
  plainName: string
}

export const sectorBytes = 2048
export const sectorsOf = (bytes: number): number => Math.ceil(bytes / sectorBytes)
export const isDirectory = (entry: Entry): boolean => entry.content === undefined

/** Builds the tree of `path/to/file` → bytes. Fault invalid for names that an ISO with Joliet cannot hold. */
export function treeOf(files: Readonly<Record<string, Content>>): Entry {
  const root = newEntry('', undefined, undefined)
  for (const path of Object.keys(files).sort()) {
    const names = path.split('/')
    let at = root
    for (const [i, name] of names.entries()) {
      checkName(name, path)
      const last = i === names.length - 1
      const found = at.children.find((child) => child.name === name)
      if (found && (last || !isDirectory(found))) throw new Fault('invalid', `${path} is both a file and a directory`)
      at = found ?? newEntry(name, at, last ? files[path] : undefined)
    }
  }
  return root
}

/** Every directory, parents before children, as path tables list them. */
export function directoriesOf(root: Entry, order: (a: Entry, b: Entry) => number): Entry[] {
  const found: Entry[] = [root]
  for (const directory of found) found.push(...directory.children.filter(isDirectory).sort(order))
  return found
}

function newEntry(name: string, parent: Entry | undefined, content: Content | undefined): Entry {
  const entry: Entry = { name, parent, children: [], content, plainName: '' }
  if (parent) {
    entry.plainName = plainNameFor(name, content === undefined, parent)
    parent.children.push(entry)
  }
  return entry
}

// eslint-disable-next-line no-control-regex -- these are the characters that Joliet forbids
const forbidden = /[\u0000-\u001f*/:;?\\\u007f]/

function checkName(name: string, path: string): void {
  if (
    name === '' ||
    name === '.' ||
    name === '..' ||
    name.length > 64 ||
    forbidden.test(name) ||
    !name.isWellFormed()
  ) {
    throw new Fault('invalid', `an ISO image cannot hold a file named ${JSON.stringify(path)}`)
  }
}

const clean = (text: string): string => text.toUpperCase().replace(/[^A-Z0-9_]/g, '_')

function plainNameFor(name: string, directory: boolean, parent: Entry): string {
  const dot = name.lastIndexOf('.')
  const stem = clean(dot > 0 && !directory ? name.slice(0, dot) : name)
  const extension = dot > 0 && !directory ? clean(name.slice(dot + 1)).slice(0, 3) : ''
  const taken = new Set(parent.children.map((child) => child.plainName))
  for (let n = 0; ; n += 1) {
    const suffix = n === 0 ? '' : String(n)
    const short = stem.slice(0, 8 - suffix.length) + suffix
    const plain = directory ? short : `${short}.${extension};1`
    if (!taken.has(plain)) return plain
  }
}
