import { execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeImageServer, serveParts } from '@ferrite/agent/image/fake-image-server'
import type { FakeImageServer } from '@ferrite/agent/image/fake-image-server'

const execute = promisify(execFile)
const MiB = 1024 * 1024
const main = path.join(import.meta.dirname, '../../packages/cli/src/main.ts')
const hasStrace = existsSync('/usr/bin/strace')
const isRoot = process.getuid?.() === 0
const hasStorageDaemon = isRoot && existsSync('/usr/bin/qemu-storage-daemon') && existsSync('/dev/fuse')

const data = randomBytes(18 * MiB)
const files: Record<string, Buffer> = { '/raw': data, '/gzip': gzipSync(data, { level: 1 }) }
let directory: string
let server: FakeImageServer
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-errors-'))
  server = await fakeImageServer((request, socket) => serveParts(files[request.path] ?? data, request, socket))
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

type Outcome = { ok: boolean; error?: { code: string; message: string } }

/** `ferrite write` onto `disk`, under strace when something is injected; its last line. */
async function write(file: string, disk: string, inject: readonly string[] = []): Promise<Outcome> {
  const sha256 = createHash('sha256')
    .update(files[file] ?? data)
    .digest('hex')
  const command = [
    process.execPath,
    main,
    'write',
    '--url',
    `${server.origin}${file}`,
    '--checksum',
    sha256,
    '--disk',
    disk,
  ]
  const strace = inject.length > 0 ? ['strace', '-f', '-qq', '-o', '/dev/null', ...inject] : []
  const [program, ...args] = [...strace, ...command, '--json']
  // One thread of the pool, because strace counts for each thread.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' }
  const { stdout } = await execute(program ?? '', args, { env }).catch((error: unknown) => error as { stdout: string })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Outcome
}

async function fileDisk(): Promise<string> {
  const disk = path.join(directory, 'disk.img')
  await writeFile(disk, Buffer.alloc(20 * MiB, 0xa5))
  return disk
}

const nothingBoots = async (disk: string): Promise<boolean> => {
  const content = await readFile(disk)
  return content.subarray(0, MiB).every((byte) => byte === 0)
}

const inject = (what: string, call = 'pwrite64'): string[] => ['-e', `trace=${call}`, '-e', `inject=${call}:${what}`]

test.runIf(hasStrace).each([
  ['/raw', 1],
  ['/raw', 4],
  ['/gzip', 5],
])('%s: EIO at write %d is named with its place, and nothing can boot', async (file, when) => {
  const disk = await fileDisk()
  const { ok, error } = await write(file, disk, inject(`error=EIO:when=${when}`))
  expect(ok).toBe(false)
  expect(error).toMatchObject({ code: 'disk_failed', message: expect.stringMatching(/at offset [0-9]+.*EIO/) })
  expect(await nothingBoots(disk)).toBe(true)
})

test.runIf(hasStrace).each(['1', '2', '3+'])('EIO at fsync %s is named, and nothing can boot', async (when) => {
  const disk = await fileDisk()
  const { error } = await write('/raw', disk, inject(`error=EIO:when=${when}`, 'fsync'))
  expect(error).toMatchObject({ code: 'disk_failed', message: expect.stringContaining('flush') })
})

test.runIf(hasStrace).each(['/raw', '/gzip'])('%s: a write that is acknowledged and lost is found', async (file) => {
  const disk = await fileDisk()
  const { error } = await write(file, disk, inject(`retval=${4 * MiB}:when=4`))
  expect(error).toMatchObject({ code: 'disk_verify_failed', message: expect.stringContaining('offset 4194304') })
  expect(await nothingBoots(disk)).toBe(true)
})

test.runIf(hasStrace)('a disk without room is named', async () => {
  const disk = await fileDisk()
  const { error } = await write('/raw', disk, inject('error=ENOSPC:when=5'))
  expect(error).toMatchObject({ code: 'disk_failed', message: expect.stringContaining('ENOSPC') })
})

/** A block device that fails at one sector: a file that qemu shows through FUSE, with a loop device over it. */
async function badDevice(badSector: number) {
  const at = (name: string) => path.join(directory, name)
  await (await open(at('bad.img'), 'w')).close()
  await truncate(at('bad.img'), 32 * MiB)
  await writeFile(at('shown'), '')
  const rule = `[inject-error]\nevent = "none"\niotype = "write"\nerrno = "5"\nsector = "${badSector}"\nonce = "off"\n`
  await writeFile(at('rules'), rule)
  const daemon = spawn('qemu-storage-daemon', [
    '--blockdev',
    `driver=file,node-name=f0,filename=${at('bad.img')}`,
    '--blockdev',
    `driver=blkdebug,node-name=d0,image=f0,config=${at('rules')}`,
    '--export',
    `type=fuse,id=e0,node-name=d0,mountpoint=${at('shown')},writable=on`,
  ])
  const ended = new Promise((resolve) => daemon.once('close', resolve))
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if ((await execute('stat', ['-c', '%s', at('shown')])).stdout.trim() !== '0') break
    await sleep(50)
  }
  const loop = (await execute('losetup', ['-f', '--show', at('shown')])).stdout.trim()
  return {
    path: loop,
    async [Symbol.asyncDispose]() {
      await execute('losetup', ['-d', loop])
      daemon.kill('SIGTERM')
      await ended
    },
  }
}

test.runIf(hasStorageDaemon)('a device that fails at one sector is named with the place', async () => {
  await using device = await badDevice((10 * MiB) / 512)
  const { error } = await write('/raw', device.path)
  expect(error).toMatchObject({ code: 'disk_failed', message: expect.stringContaining('EIO') })
  const content = await readFile(path.join(directory, 'bad.img'))
  expect(content.subarray(0, MiB).every((byte) => byte === 0)).toBe(true)
})
