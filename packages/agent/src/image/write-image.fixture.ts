import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Progress } from '@ferrite/shared/contracts/callback'
import type { Disk } from '../hardware/disk.ts'
import { openFileDisk } from '../hardware/file-disk.ts'
import { defaultLimits } from './request.ts'
import type { WriteLimits, WriteRequest } from './request.ts'

export const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** Limits for tests: everything that waits is short. */
export const quick: WriteLimits = {
  ...defaultLimits,
  connectTimeoutMs: 2000,
  stallTimeoutMs: 200,
  retryPauseMs: 5,
  maxFruitlessAttempts: 3,
}

export const requestFor = (
  url: string | readonly string[],
  data: Buffer,
  more: Partial<WriteRequest> = {},
): WriteRequest => ({
  urls: typeof url === 'string' ? [url] : url,
  digest: { algorithm: 'sha256', value: sha256(data) },
  format: 'raw',
  verify: true,
  allowMd5: false,
  limits: quick,
  ...more,
})

export type TestDisk = { path: string; disk: Disk; content: () => Promise<Buffer> } & AsyncDisposable

/** A file disk in a directory of its own, filled with 0xa5 as if something had been on it. */
export async function testDisk(sizeBytes: number, fill = 0xa5): Promise<TestDisk> {
  const directory = await mkdtemp(join(tmpdir(), 'ferrite-disk-'))
  const path = join(directory, 'disk.img')
  const disk = await openFileDisk(path, { create: true, sizeBytes })
  const block = Buffer.alloc(sizeBytes, fill)
  await using plain = await openFileDisk(path)
  if (!plain.direct) await plain.write(block, 0)
  else await writeAligned(plain, block)
  return {
    path,
    disk,
    content: () => readFile(path),
    async [Symbol.asyncDispose]() {
      await disk[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

async function writeAligned(disk: Disk, block: Buffer): Promise<void> {
  const { allocateAligned } = await import('../hardware/disk.ts')
  const aligned = allocateAligned(block.length)
  aligned.set(block)
  await disk.write(aligned, 0)
}

/** A context whose progress reports can be looked at. */
export function testContext(signal: AbortSignal = AbortSignal.timeout(20_000)) {
  const reports: Progress[] = []
  return { signal, reports, onProgress: (progress: Progress) => void reports.push(progress) }
}

export const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)
