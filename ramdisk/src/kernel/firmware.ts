import { readFile, readlink } from 'node:fs/promises'
import path from 'node:path'
import type { ImageTree } from '../image/tree.ts'
import type { Unpacked } from '../packages/unpack.ts'

const root = 'usr/lib/firmware/'

/** Adds the firmware files that modules name (a name may have `*`); returns those that no package has. */
export async function addFirmware(tree: ImageTree, unpacked: Unpacked, names: readonly string[]): Promise<string[]> {
  const files = [...unpacked.files.keys()].filter((file) => file.startsWith(root))
  const missing: string[] = []
  for (const name of names) {
    const matching = name.includes('*')
      ? files.filter((file) => path.posix.matchesGlob(file, root + name))
      : [root + name]
    const present = matching.filter((file) => unpacked.files.has(file))
    if (present.length === 0) missing.push(name)
    for (const file of present) await addOne(tree, unpacked, file)
  }
  return missing
}

async function addOne(tree: ImageTree, unpacked: Unpacked, file: string): Promise<void> {
  const found = unpacked.files.get(file)
  if (!found || tree.has(file)) return
  const origin = `${found.package.name} ${found.package.version}`
  const target = await readlink(found.source).catch(() => undefined)
  if (target === undefined) return tree.file(file, await readFile(found.source), { origin })
  tree.symlink(file, target, origin)
  await addOne(tree, unpacked, path.posix.normalize(path.posix.join(path.posix.dirname(file), target)))
}
