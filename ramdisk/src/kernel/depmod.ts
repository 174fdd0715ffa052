import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runPackaged } from '../packages/run-packaged.ts'
import type { ImageTree } from '../image/tree.ts'
import type { Unpacked } from '../packages/unpack.ts'

/** Adds the indices by which the kernel's and udev's requests find the modules of the tree. */
export async function addModuleIndex(tree: ImageTree, unpacked: Unpacked, release: string): Promise<void> {
  const below = `usr/lib/modules/${release}`
  const stage = await mkdtemp(path.join(tmpdir(), 'ferrite-depmod-'))
  try {
    for (const [file, entry] of tree.entries) {
      if (entry.kind !== 'file' || !file.startsWith(`${below}/`)) continue
      const target = path.join(stage, file.slice('usr/'.length))
      await mkdir(path.dirname(target), { recursive: true })
      await writeFile(target, entry.content)
    }
    await runPackaged(unpacked, 'usr/bin/kmod', ['-b', stage, release], { name: 'depmod' })
    const made = path.join(stage, 'lib/modules', release)
    for (const name of await readdir(made)) {
      const file = `${below}/${name}`
      if (name === 'kernel' || tree.has(file)) continue
      tree.file(file, await readFile(path.join(made, name)), { origin: 'depmod' })
    }
  } finally {
    await rm(stage, { recursive: true })
  }
}
