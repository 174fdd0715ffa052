import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { run } from '../run.ts'
import { debFile } from './fetch.ts'
import type { Package } from './package.ts'

export type UnpackedFile = { package: Package; source: string }

/** The files of all packages by their path in an image; `bin`, `sbin` and `lib` are those of `usr`, as on Debian. */
export type Unpacked = {
  packages: readonly Package[]
  files: ReadonlyMap<string, UnpackedFile>
  newestMtimeSeconds: number
}

/** Unpacks packages, each once and for all, into the cache. */
export async function unpack(packages: readonly Package[], cacheDir: string): Promise<Unpacked> {
  const files = new Map<string, UnpackedFile>()
  let newestMtimeSeconds = 0
  for (const item of packages) {
    const root = await unpackedDirectory(item, cacheDir)
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue
      const source = path.join(entry.parentPath, entry.name)
      files.set(merged(path.relative(root, source)), { package: item, source })
    }
    const { mtimeMs } = await stat(root)
    newestMtimeSeconds = Math.max(newestMtimeSeconds, Math.floor(mtimeMs / 1000))
  }
  return { packages, files, newestMtimeSeconds }
}

/** Where a path of a package lies once `/bin`, `/sbin`, `/lib` are links into `/usr`. */
export const merged = (file: string): string => file.replace(/^\/?(bin|sbin|lib|lib64)\//, 'usr/$1/').replace(/^\//, '')

async function unpackedDirectory(item: Package, cacheDir: string): Promise<string> {
  const trees = path.join(cacheDir, 'trees')
  const target = path.join(trees, `${item.name}-${item.sha256.slice(0, 16)}`)
  if (await stat(target).catch(() => undefined)) return target
  await mkdir(trees, { recursive: true })
  const part = await mkdtemp(path.join(trees, '.part-'))
  try {
    await run('dpkg-deb', ['-x', debFile(cacheDir, item), part])
    await rename(part, target)
  } catch (error) {
    await rm(part, { recursive: true, force: true })
    // Another build may have been quicker.
    if (!(await stat(target).catch(() => undefined))) throw error
  }
  return target
}
