import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { runPackaged } from '../packages/run-packaged.ts'
import type { Unpacked } from '../packages/unpack.ts'
import { metalPrograms, programs, udevRules } from '../profile.ts'
import type { ProfileName } from '../profile.ts'
import type { NodeBinary } from './node-binary.ts'
import { addFile, addLibraries, addPackage } from './programs.ts'
import { ImageTree } from './tree.ts'

const directories = [
  'dev',
  'proc',
  'sys',
  'run',
  'mnt',
  'root',
  'var/log',
  'var/lib',
  'usr/lib64',
  'usr/sbin',
  'etc/ssl/certs',
]
/** Applets that would take the place of programs that do more. */
const own = 'busybox'

/** What changes rarely: programs, their libraries, Node. It is compressed once and then comes from the cache. */
export async function baseTree(
  unpacked: Unpacked,
  { profile, node, extra }: { profile: ProfileName; node: NodeBinary; extra: readonly string[] },
): Promise<ImageTree> {
  const tree = new ImageTree()
  directories.forEach((directory) => tree.directory(directory))
  tree.directory('tmp', 0o1777)
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) tree.symlink(name, `usr/${name}`, 'ferrite')
  tree.symlink('var/run', '/run', 'ferrite')
  // What the kernel opens before anything runs.
  tree.device('dev/console', { mode: 0o600, major: 5, minor: 1 })
  tree.device('dev/null', { mode: 0o666, major: 1, minor: 3 })

  tree.file('usr/bin/node', node.content, { mode: 0o755, origin: `node ${node.version}` })
  await addLibraries(tree, unpacked, node.content, 'usr/bin/node')
  for (const file of [...programs, ...(profile === 'metal' ? metalPrograms : []), ...udevRules]) {
    await addFile(tree, unpacked, file)
  }
  for (const name of extra) await addPackage(tree, unpacked, name)
  await addApplets(tree, unpacked)
  return tree
}

/** Links for every applet of busybox whose name is still free. */
async function addApplets(tree: ImageTree, unpacked: Unpacked): Promise<void> {
  const listed = await runPackaged(unpacked, 'usr/bin/busybox', ['--list-full'])
  for (const applet of listed.split('\n').filter(Boolean)) {
    const name = path.posix.basename(applet)
    const file = `${/^s?bin/.test(applet) ? 'usr/' : ''}${applet}`
    const taken = [`usr/bin/${name}`, `usr/sbin/${name}`].some((candidate) => tree.has(candidate))
    if (name !== own && !taken) tree.symlink(file, '/usr/bin/busybox', 'busybox')
  }
}

/** A file of `ramdisk/files`. */
export const ownFile = (name: string): Promise<Buffer> => readFile(path.join(import.meta.dirname, '../../files', name))
