import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import { settlePartitions } from '../disk/settle-partitions.ts'
import { hasTool, tool } from '../disk/test-image.fixture.ts'
import { fakeImageServer, serveImage } from '../image/fake-image-server.ts'
import { requestFor, testContext } from '../image/write-image.fixture.ts'
import { writeImage } from '../image/write-image.ts'
import { openBlockDisk } from './block-disk.ts'
import { canLoop, loopDevice } from './loop-device.fixture.ts'

const MiB = 1024 * 1024

test.runIf(canLoop)('an image lands on a block device, around the page cache', async () => {
  const data = randomBytes(9 * MiB + 77)
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using loop = await loopDevice(16 * MiB)
  await using disk = await openBlockDisk(loop.path)
  expect(disk).toMatchObject({ sizeBytes: 16 * MiB, logicalSectorBytes: 512, direct: true })
  await writeImage(requestFor(server.url, data), disk, testContext())
  await disk.rereadPartitions()
  expect((await readFile(loop.file)).subarray(0, data.length).equals(data)).toBe(true)
})

test.runIf(canLoop)('4096-byte sectors: the last one is padded, and nothing is written beyond', async () => {
  const data = randomBytes(5 * MiB + 4097)
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using loop = await loopDevice(8 * MiB, { sectorBytes: 4096 })
  await using disk = await openBlockDisk(loop.path)
  expect(disk).toMatchObject({ logicalSectorBytes: 4096, alignment: 4096, direct: true })
  await writeImage(requestFor(server.url, data), disk, testContext())
  expect((await readFile(loop.file)).subarray(0, data.length).equals(data)).toBe(true)
})

test.runIf(canLoop && hasTool('sgdisk'))('a GPT of 4096-byte sectors settles, and sgdisk finds no fault', async () => {
  await using small = await loopDevice(20 * MiB, { sectorBytes: 4096 })
  tool('sgdisk', '-n', '1:256:+4M', '-c', '1:root', small.path)
  const data = await readFile(small.file)
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using large = await loopDevice(64 * MiB, { sectorBytes: 4096 })
  {
    await using disk = await openBlockDisk(large.path)
    await writeImage(requestFor(server.url, data), disk, testContext())
    expect((await settlePartitions(disk)).partitions).toMatchObject([{ offset: MiB, bytes: 4 * MiB, name: 'root' }])
  }
  expect(tool('sgdisk', '-v', large.path)).toContain('No problems found')
})

test.runIf(canLoop)('a device that is mounted or open is refused, and who holds it is named', async () => {
  await using loop = await loopDevice(16 * MiB)
  {
    await using first = await openBlockDisk(loop.path)
    await expect(openBlockDisk(first.path)).rejects.toSatisfy((error) => isFault(error, 'disk_in_use'))
  }
  execFileSync('mkfs.ext4', ['-q', loop.path], { stdio: 'ignore' })
  const directory = await mkdtemp(join(tmpdir(), 'ferrite-mount-'))
  execFileSync('mount', [loop.path, directory])
  try {
    await expect(openBlockDisk(loop.path)).rejects.toThrow(`${loop.path} is mounted on ${directory}`)
  } finally {
    execFileSync('umount', [directory])
    await rm(directory, { recursive: true })
  }
})

test.runIf(canLoop)('a device that fills up behind its promise fails with the reason', async () => {
  const data = randomBytes(24 * MiB)
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using loop = await loopDevice(64 * MiB, { tmpfsBytes: 12 * MiB })
  await using disk = await openBlockDisk(loop.path)
  await expect(writeImage(requestFor(server.url, data), disk, testContext())).rejects.toSatisfy((error) =>
    isFault(error, 'disk_failed'),
  )
  expect(server.requests).toHaveLength(1)
})

test.runIf(canLoop)('a device that is read-only is said to be so before anything is fetched', async () => {
  await using loop = await loopDevice(64 * MiB, { isReadOnly: true })
  await expect(openBlockDisk(loop.path)).rejects.toThrow(`${loop.path} is read-only`)
})

test('what is no block device or does not exist is said to be so', async () => {
  await expect(openBlockDisk('/dev/ferrite-none')).rejects.toSatisfy((error) => isFault(error, 'disk_not_found'))
  await expect(openBlockDisk('/dev/null')).rejects.toThrow('no block device')
})
