import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allocateAligned } from '../hardware/disk.ts'
import { openFileDisk } from '../hardware/file-disk.ts'
import { fakeImageServer, serveParts } from './fake-image-server.ts'
import { packs, qcow2Packs } from './packs.fixture.ts'
import type { Pack } from './packs.fixture.ts'
import { requestFor, testContext } from './write-image.fixture.ts'
import { writeImage } from './write-image.ts'

const MiB = 1024 * 1024
const isFull = process.env['TEST_MATRIX'] === 'full'
const diskBytes = 16 * MiB
let directory: string
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-formats-'))
})
afterAll(() => rm(directory, { recursive: true }))

const parts: [string, Pack][] = [
  ['gzip of several members', (data) => inParts(data, gzipSync)],
  ['zstd of several frames', (data) => inParts(data, zstdCompressSync)],
]
const inParts = (data: Buffer, pack: (part: Buffer) => Buffer): Buffer =>
  Buffer.concat(
    [data.subarray(0, MiB + 5), data.subarray(MiB + 5, MiB + 6), data.subarray(MiB + 6)].map((part) => pack(part)),
  )

/** Sizes are of sectors for qcow2 and of bytes for the others. */
const contents: Record<string, (bytes: number) => Buffer> = {
  sparse(bytes) {
    const data = Buffer.alloc(bytes)
    randomBytes(700_001).copy(data, 12_345)
    data.fill('a line of a file\n', 3 * MiB + 77, 4 * MiB + 513)
    randomBytes(1000).copy(data, bytes - 1000)
    return data
  },
  random: (bytes) => randomBytes(bytes),
  /** Sector by sector something else. */
  patchy(bytes) {
    const data = randomBytes(bytes)
    for (let at = 0; at < bytes; at += 512) {
      const kind = data.readUInt8(at) % 3
      if (kind > 0) data.fill(kind === 1 ? 0 : 'dense', at, Math.min(bytes, at + 512))
    }
    return data
  },
  dense: (bytes) => Buffer.alloc(bytes, 'all work and no play\n'),
  zero: (bytes) => Buffer.alloc(bytes),
}
const kinds = Object.keys(contents)

type Cell = [name: string, kind: string, sectorBytes: number, pack: Pack]
const all = [...packs, ...parts, ...qcow2Packs]
/** Each format with one content and one sector size at least; all of the table when that is asked for. */
const cells = all.flatMap(([name, pack], index) =>
  kinds.flatMap((kind, column) =>
    [512, 4096].flatMap((sectorBytes, row): Cell[] => {
      const isSmall = kind === 'patchy' && name.includes(' 512 ')
      const isChosen =
        kind === 'sparse' || isSmall ? sectorBytes === 4096 : index % kinds.length === column - 1 && row === 0
      return isFull || isChosen ? [[name, kind, sectorBytes, pack]] : []
    }),
  ),
)

test.each(cells)('%s, %s, lands byte for byte on sectors of %d', async (name, kind, logicalSectorBytes, pack) => {
  const bytes = 9 * MiB + (name.startsWith('qcow2') ? 513 * 512 : 4321)
  const data = contents[kind]?.(bytes) ?? Buffer.alloc(0)
  const file = pack(data)
  await using server = await fakeImageServer((request, socket) => serveParts(file, request, socket))
  const disk = path.join(directory, 'disk')
  await using target = await openFileDisk(disk, { create: true, sizeBytes: diskBytes, logicalSectorBytes })
  await target.write(allocateAligned(diskBytes).fill(0xa5), 0)
  const result = await writeImage(requestFor(server.url, file, { format: null }), target, testContext())
  const written = await readFile(disk)
  // qemu-img rounds up to whole sectors; so do we.
  const landed = result.bytesWritten
  expect(landed - data.length).toBeLessThan(512)
  expect(written.subarray(0, data.length).equals(data)).toBe(true)
  const blocks = Math.ceil(landed / logicalSectorBytes) * logicalSectorBytes
  expect(written.subarray(landed, blocks).every((byte) => byte === 0)).toBe(true)
  expect(written.subarray(blocks, diskBytes - MiB).every((byte) => byte === 0xa5)).toBe(true)
  expect(result).toMatchObject({ verified: true, format: name.split(' ')[0] })
})
