import { readFile, readlink, stat } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'
import { isElf, readElf } from '../elf.ts'
import { merged } from '../packages/unpack.ts'
import type { Unpacked } from '../packages/unpack.ts'
import type { ImageTree } from './tree.ts'

const libraryDirectories = ['usr/lib/x86_64-linux-gnu', 'usr/lib', 'usr/lib64', 'usr/lib/systemd']
const loader = 'usr/lib64/ld-linux-x86-64.so.2'

/** Adds a file of a package, with the shared libraries it needs and what a link points to. Fault not_found. */
export async function addFile(tree: ImageTree, unpacked: Unpacked, file: string): Promise<void> {
  const at = merged(file)
  if (tree.has(at)) return
  const found = unpacked.files.get(at)
  if (!found) throw new Fault('not_found', `none of the packages has the file /${at}`)
  const origin = `${found.package.name} ${found.package.version}`
  const target = await readlink(found.source).catch(() => undefined)
  if (target !== undefined) {
    const to = path.posix.normalize(
      target.startsWith('/') ? target.slice(1) : path.posix.join(path.posix.dirname(at), target),
    )
    tree.symlink(at, target, origin)
    return addFile(tree, unpacked, to)
  }
  const content = await readFile(found.source)
  const { mode } = await stat(found.source)
  tree.file(at, content, { mode: mode & 0o111 ? 0o755 : 0o644, origin })
  await addLibraries(tree, unpacked, content, at)
}

/** Adds the shared libraries that a program or library asks for, and theirs. Fault not_found. */
export async function addLibraries(tree: ImageTree, unpacked: Unpacked, content: Buffer, name: string): Promise<void> {
  if (!isElf(content)) return
  const { needed } = readElf(content, name)
  for (const library of needed) {
    const directory = libraryDirectories.find((candidate) => unpacked.files.has(`${candidate}/${library}`))
    if (!directory) throw new Fault('not_found', `/${name} needs the library ${library}, which no package here has`)
    await addFile(tree, unpacked, `${directory}/${library}`)
  }
  if (needed.length > 0) await addFile(tree, unpacked, loader)
}

const inessential =
  /^usr\/(share\/(doc|man|info|locale|bug|lintian|bash-completion|zsh|fish|initramfs-tools)|lib\/systemd\/system)\//

/** Adds every file of a package but its documentation: for what an operator asked for by name. */
export async function addPackage(tree: ImageTree, unpacked: Unpacked, name: string): Promise<void> {
  const own = [...unpacked.files].filter(([file, found]) => found.package.name === name && !inessential.test(file))
  for (const [file] of own) await addFile(tree, unpacked, file)
}
