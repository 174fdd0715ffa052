import { execFileSync } from 'node:child_process'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const run = (file: string, ...args: string[]): string =>
  execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()

/** Whether this machine lets us make loop devices: root, and a kernel with them. */
export const canLoop = ((): boolean => {
  try {
    return process.getuid?.() === 0 && run('losetup', '-f') !== ''
  } catch {
    return false
  }
})()

export type LoopDevice = { path: string; file: string } & AsyncDisposable

/** A loop device over a sparse file; with `tmpfsBytes` over a tmpfs that is full when that much is written. */
export async function loopDevice(
  bytes: number,
  options: { sectorBytes?: number; tmpfsBytes?: number; isReadOnly?: boolean } = {},
): Promise<LoopDevice> {
  const directory = await mkdtemp(join(tmpdir(), 'ferrite-loop-'))
  if (options.tmpfsBytes !== undefined)
    run('mount', '-t', 'tmpfs', '-o', `size=${options.tmpfsBytes}`, 'ferrite', directory)
  const file = join(directory, 'disk.img')
  const handle = await open(file, 'w')
  await handle.truncate(bytes)
  await handle.close()
  const readOnly = options.isReadOnly ? ['-r'] : []
  const path = run('losetup', '-f', '--show', ...readOnly, '-b', String(options.sectorBytes ?? 512), file)
  return {
    path,
    file,
    async [Symbol.asyncDispose]() {
      run('losetup', '-d', path)
      if (options.tmpfsBytes !== undefined) run('umount', '-l', directory)
      await rm(directory, { recursive: true, force: true })
    },
  }
}
