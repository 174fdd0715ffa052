import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export type Target = { path: string; kind: string } & AsyncDisposable

export const given = (disk: string): Target => ({
  path: disk,
  kind: disk,
  [Symbol.asyncDispose]: () => Promise.resolve(),
})

/** A block device over memory, so that no disk sets the pace and block-device caching is as on a real machine; else a file. */
export async function makeTarget(directory: string, bytes: number): Promise<Target> {
  const size = bytes + 64 * 1024 * 1024
  return process.getuid?.() === 0
    ? loopTarget(size).catch(() => fileTarget(directory, size))
    : fileTarget(directory, size)
}

async function loopTarget(size: number): Promise<Target> {
  const memory = await mkdtemp('/dev/shm/ferrite-bench-')
  const file = path.join(memory, 'disk.img')
  await execute('fallocate', ['-l', String(size), file])
  const { stdout } = await execute('losetup', ['-f', '--show', file])
  const loop = stdout.trim()
  return {
    path: loop,
    kind: 'loop device over memory',
    async [Symbol.asyncDispose]() {
      await execute('losetup', ['-d', loop])
      await rm(memory, { recursive: true })
    },
  }
}

async function fileTarget(directory: string, size: number): Promise<Target> {
  const file = path.join(directory, 'disk.img')
  await execute('fallocate', ['-l', String(size), file])
  return given(file)
}
