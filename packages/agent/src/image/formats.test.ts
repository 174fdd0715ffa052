import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeImageServer, serveParts } from './fake-image-server.ts'
import { hasQemuImg, runQemuImg } from './qcow2/qemu-img.fixture.ts'
import { requestFor, testContext, testDisk } from './write-image.fixture.ts'
import { writeImage } from './write-image.ts'

const MiB = 1024 * 1024
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-formats-'))
})
afterAll(() => rm(directory, { recursive: true }))

const program =
  (...command: [string, ...string[]]) =>
  (data: Buffer): Buffer =>
    execFileSync(command[0], command.slice(1), { input: data, maxBuffer: 256 * MiB })

let files = 0
const qemu =
  (...options: string[]) =>
  async (data: Buffer): Promise<Buffer> => {
    const name = path.join(directory, `${files++}`)
    await writeFile(`${name}.raw`, data)
    runQemuImg('convert', '-f', 'raw', '-O', 'qcow2', ...options, `${name}.raw`, name)
    return readFile(name)
  }

type Pack = (data: Buffer) => Buffer | Promise<Buffer>
const packs: [string, Pack][] = [
  ['raw', (data) => data],
  ['gzip', (data) => gzipSync(data, { level: 1 })],
  ['zstd', (data) => zstdCompressSync(data)],
  ['xz', program('xz', '-0', '-c')],
  ['bzip2', program('bzip2', '-1', '-c')],
  [
    'gzip of several members',
    (data) => Buffer.concat([gzipSync(data.subarray(0, 3 * MiB + 5)), gzipSync(data.subarray(3 * MiB + 5))]),
  ],
  [
    'zstd of several frames',
    (data) => Buffer.concat([zstdCompressSync(data.subarray(0, 99)), zstdCompressSync(data.subarray(99))]),
  ],
  ...(hasQemuImg
    ? ([
        ['qcow2', qemu()],
        ['qcow2 of version 2', qemu('-o', 'compat=0.10')],
        ['qcow2 with zlib', qemu('-c')],
        ['qcow2 with zstd', qemu('-c', '-o', 'compression_type=zstd')],
        ['qcow2 with clusters of 512 bytes', qemu('-o', 'cluster_size=512')],
        ['qcow2 with clusters of 2 MiB', qemu('-o', 'cluster_size=2M')],
        ['qcow2 with zlib clusters of 2 MiB', qemu('-c', '-o', 'cluster_size=2M')],
        ['qcow2 with zstd clusters of 4 KiB', qemu('-c', '-o', 'cluster_size=4k,compression_type=zstd')],
        ['qcow2 with extended L2 entries', qemu('-o', 'extended_l2=on,cluster_size=128k')],
        ['qcow2 with preallocated tables', qemu('-o', 'preallocation=metadata')],
      ] satisfies [string, Pack][])
    : []),
]

/** Text-like, random, and zeros long and short, at places that are no multiple of anything. */
function content(bytes: number): Buffer {
  const data = Buffer.alloc(bytes)
  randomBytes(Math.min(bytes, 700_001)).copy(data, 12_345)
  data.fill('a line of a file\n', 3 * MiB + 77, 5 * MiB + 513)
  randomBytes(1000).copy(data, Math.max(0, bytes - 1000))
  return data
}

const diskBytes = 48 * MiB

test.each(packs)('%s lands byte for byte, whatever was on the disk before', async (name, pack) => {
  const isQcow2 = name.startsWith('qcow2')
  const data = content(41 * MiB + (isQcow2 ? 513 * 512 : 4321))
  const file = await pack(data)
  await using server = await fakeImageServer((request, socket) => serveParts(file, request, socket))
  await using target = await testDisk(diskBytes)
  const result = await writeImage(requestFor(server.url, file, { format: null }), target.disk, testContext())
  const written = await target.content()
  expect(written.subarray(0, data.length).equals(data)).toBe(true)
  expect(written.subarray(diskBytes - 2 * MiB, diskBytes - MiB).every((byte) => byte === 0xa5)).toBe(true)
  expect(result).toMatchObject({ bytesWritten: data.length, verified: true, format: name.split(' ')[0] })
})
