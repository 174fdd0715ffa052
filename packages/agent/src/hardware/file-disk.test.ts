import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import { scratchFile } from '../disk/test-image.fixture.ts'
import { allocateAligned } from './disk.ts'
import { openFileDisk } from './file-disk.ts'

test('a file keeps to its size: an access beyond the end is a fault, not growth', async () => {
  await using file = await scratchFile(1024 * 1024)
  await using disk = await openFileDisk(file.path)
  const block = allocateAligned(8192)
  await expect(disk.write(block, 1024 * 1024 - 4096)).rejects.toSatisfy((error) => isFault(error, 'disk_failed'))
  await expect(disk.read(block, -4096)).rejects.toSatisfy((error) => isFault(error, 'disk_failed'))
  expect(disk.sizeBytes).toBe(1024 * 1024)
})

test('a missing file is a missing disk, an empty one has no room', async () => {
  await expect(openFileDisk('/tmp/ferrite-none.img')).rejects.toSatisfy((error) => isFault(error, 'disk_not_found'))
  await using file = await scratchFile(100)
  await expect(openFileDisk(file.path)).rejects.toThrow('no room')
})

test.each(['/dev/null', '/tmp'])('%s is no disk, and is said to be none', async (path) => {
  await expect(openFileDisk(path)).rejects.toThrow('neither a block device nor a regular file')
})

test('on tmpfs, or with an odd size, it works all the same and says why it is not direct', async () => {
  const directory = await mkdtemp('/dev/shm/ferrite-')
  try {
    await using disk = await openFileDisk(join(directory, 'disk.img'), { create: true, sizeBytes: 512 * 1025 })
    const data = allocateAligned(512 * 1025)
    data.set(randomBytes(data.length))
    await disk.write(data, 0)
    await disk.flush()
    await disk.dropCache()
    const found = allocateAligned(data.length)
    await disk.read(found, 0)
    expect(Buffer.compare(found, data)).toBe(0)
    expect(disk.direct || disk.directRefused !== undefined).toBe(true)
  } finally {
    await rm(directory, { recursive: true })
  }
})
