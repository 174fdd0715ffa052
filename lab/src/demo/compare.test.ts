import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sector, types, writeGpt, type Partition } from '../image/gpt.ts'
import { compare } from './compare.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-compare-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const diskId = 'f3e221e0-0001-4000-8000-000000000001'
const part = (id: number, first: number, last: number, name: string): Partition => ({
  type: types.linux,
  id: `01234567-89ab-4def-8123-00000000000${id}`,
  first,
  last,
  attributes: 0n,
  name,
})
const imageSectors = 4096
const diskSectors = 8192
const root = part(1, 64, 3000, 'root')

function imageBytes(): Buffer {
  const { front, back } = writeGpt({ diskId, partitions: [root] }, imageSectors, Buffer.alloc(440, 7))
  const middle = Buffer.alloc(imageSectors * sector - front.length - back.length)
  return Buffer.concat([front, middle.map((_, i) => i % 251), back])
}

/** The image as a deploy leaves it: backup at the end, a config drive added. */
function deployed(extra: readonly Partition[] = [part(2, 8000, 8100, 'config-2')]): Buffer {
  const disk = Buffer.concat([imageBytes(), Buffer.alloc((diskSectors - imageSectors) * sector)])
  const { front, back } = writeGpt({ diskId, partitions: [root, ...extra] }, diskSectors, Buffer.alloc(440, 7))
  front.copy(disk)
  back.copy(disk, disk.length - back.length)
  return disk
}

async function compared(disk: Buffer, image = imageBytes(), chunkBytes = 5000) {
  const file = path.join(directory, 'disk')
  await writeFile(file, disk)
  const chunks = Array.from({ length: Math.ceil(image.length / chunkBytes) }, (_, i) =>
    image.subarray(i * chunkBytes, (i + 1) * chunkBytes),
  )
  return await compare(file, ReadableStream.from(chunks))
}

test.each([5000, 1 << 20, 17_409])('a deployed disk is the image, in chunks of %i', async (chunkBytes) => {
  const result = await compared(deployed(), imageBytes(), chunkBytes)
  expect(result).toMatchObject({ imageBytes: imageSectors * sector, partitions: ['root', 'config-2'] })
  expect(result.tableBytes).toBe(sector * 2 - 440 + 32 * sector + 33 * sector)
  expect(result.comparedBytes + result.tableBytes).toBe(result.imageBytes)
  expect(result.configDrive).toEqual({ first: 8000, bytes: 101 * sector })
})

test.each([
  ['boot code', 100],
  ['a partition', 64 * sector + 5],
  ['the gap after the last partition', 3500 * sector],
])('one changed byte in %s is found', async (_, at) => {
  const disk = deployed()
  disk[at] = (disk[at] ?? 0) ^ 1
  await expect(compared(disk)).rejects.toThrow(`differs from the image at byte ${at}`)
})

test('a partition that has moved is found', async () => {
  const disk = deployed()
  const { front } = writeGpt({ diskId, partitions: [{ ...root, last: 2999 }] }, diskSectors, Buffer.alloc(440, 7))
  front.copy(disk)
  await expect(compared(disk)).rejects.toThrow('"root" of the image is not on the disk')
})

test('a backup table left in the middle of the disk is found', async () => {
  const disk = Buffer.concat([imageBytes(), Buffer.alloc((diskSectors - imageSectors) * sector)])
  await expect(compared(disk)).rejects.toThrow(/GPT header|disk's end/)
})

test('an image without a GPT is compared whole, and so is a tiny one', async () => {
  const image = Buffer.alloc(1000, 9)
  expect(await compared(Buffer.concat([image, Buffer.alloc(24)]), image)).toMatchObject({
    comparedBytes: 1000,
    tableBytes: 0,
  })
  await expect(compared(Buffer.alloc(1024), image)).rejects.toThrow('at byte 0')
})
