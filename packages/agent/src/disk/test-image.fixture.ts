import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasTool = (name: string): boolean =>
  ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((directory) => existsSync(join(directory, name)))

export const tool = (name: string, ...args: string[]): string =>
  execFileSync(name, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

export type ScratchFile = { path: string; grow: (bytes: number) => Promise<void> } & AsyncDisposable

/** A sparse file of this size in a directory of its own. */
export async function scratchFile(bytes: number): Promise<ScratchFile> {
  const directory = await mkdtemp(join(tmpdir(), 'ferrite-table-'))
  const path = join(directory, 'disk.img')
  const resize = async (size: number) => {
    const handle = await open(path, 'a')
    await handle.truncate(size)
    await handle.close()
  }
  await resize(bytes)
  return { path, grow: resize, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

/** An image with ESP and root partition in a GPT, made by sgdisk. */
export function sgdiskImage(path: string, ...more: string[]): void {
  tool('sgdisk', '-n', '1:2048:+4M', '-t', '1:ef00', '-c', '1:EFI', '-n', '2:0:+8M', '-c', '2:root', ...more, path)
}
