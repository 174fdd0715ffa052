import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import { openFileDisk } from '../hardware/file-disk.ts'
import { readBytes, writeBytes } from './disk-bytes.ts'
import { espType } from './image-table.ts'
import { settlePartitions } from './settle-partitions.ts'
import { hasTool, scratchFile, sgdiskImage, tool } from './test-image.fixture.ts'

const MiB = 1024 * 1024
const invalid = (error: unknown): boolean => isFault(error, 'partition_table_invalid')

test.runIf(hasTool('sgdisk'))(
  'the second GPT header moves to the end of a larger disk, and sgdisk finds no fault',
  async () => {
    await using file = await scratchFile(20 * MiB)
    sgdiskImage(file.path, '--disk-guid', '11111111-2222-4333-8444-555555555555')
    const before = tool('sgdisk', '-p', file.path)
    await file.grow(50 * MiB + 512)
    await using disk = await openFileDisk(file.path)
    const table = await settlePartitions(disk)
    expect(table.partitions.map(({ number, name, offset }) => [number, name, offset])).toEqual([
      [1, 'EFI', MiB],
      [2, 'root', 5 * MiB],
    ])
    expect(table.partitions[0]?.type).toBe(espType)
    expect(table.diskId).toBe('0x00000000')
    expect(tool('sgdisk', '-v', file.path)).toContain('No problems found')
    const guid = /GUID\): (.*)/
    expect(guid.exec(tool('sgdisk', '-p', file.path))?.[1]).toBe(guid.exec(before)?.[1])
    const once = await readBytes(disk, 0, disk.sizeBytes)
    await settlePartitions(disk)
    expect((await readBytes(disk, 0, disk.sizeBytes)).equals(once)).toBe(true)
  },
)

test.runIf(hasTool('sgdisk'))('the second header is repaired where it should be but is damaged', async () => {
  await using file = await scratchFile(20 * MiB)
  sgdiskImage(file.path)
  await using disk = await openFileDisk(file.path)
  await writeBytes(disk, 20 * MiB - 500, Buffer.alloc(400, 7))
  await settlePartitions(disk)
  expect(tool('sgdisk', '-v', file.path)).toContain('No problems found')
})

test.runIf(hasTool('sgdisk'))('a disk too small for its partitions or for the second table is refused', async () => {
  await using file = await scratchFile(20 * MiB)
  sgdiskImage(file.path)
  for (const bytes of [12 * MiB, 13 * MiB + 512 * 20]) {
    await file.grow(bytes)
    await using disk = await openFileDisk(file.path)
    await expect(settlePartitions(disk)).rejects.toSatisfy(invalid)
  }
})

test.runIf(hasTool('sgdisk'))('a damaged table is refused wherever the damage is', async () => {
  await using file = await scratchFile(20 * MiB)
  sgdiskImage(file.path)
  await using disk = await openFileDisk(file.path)
  for (const offset of [512, 512 + 12, 512 + 16, 512 + 48, 512 + 72, 512 + 80, 512 + 84, 1024 + 5, 1024 + 200]) {
    const good = await readBytes(disk, offset, 1)
    await writeBytes(disk, offset, Buffer.from([(good[0] ?? 0) ^ 0x41]))
    await expect(settlePartitions(disk)).rejects.toSatisfy(invalid)
    await writeBytes(disk, offset, good)
  }
  await settlePartitions(disk)
})

test.runIf(hasTool('sgdisk'))(
  'an image made for 512-byte sectors is refused on a 4096-byte disk, with the reason',
  async () => {
    await using file = await scratchFile(20 * MiB)
    sgdiskImage(file.path)
    await using disk = await openFileDisk(file.path, { logicalSectorBytes: 4096 })
    await expect(settlePartitions(disk)).rejects.toThrow('512-byte sectors, and this one has 4096')
  },
)

test.runIf(hasTool('sfdisk'))('an MBR image keeps its table and tells its disk identifier', async () => {
  await using file = await scratchFile(20 * MiB)
  const { execFileSync } = await import('node:child_process')
  const script = 'label: dos\nlabel-id: 0x1234abcd\nstart=2048, size=8192, type=83, bootable\n'
  execFileSync('sfdisk', [file.path], { input: script, stdio: ['pipe', 'ignore', 'ignore'] })
  await using disk = await openFileDisk(file.path)
  const before = await readBytes(disk, 0, 4096)
  expect(await settlePartitions(disk)).toMatchObject({
    kind: 'mbr',
    diskId: '0x1234abcd',
    partitions: [{ type: '0x83' }],
  })
  expect((await readBytes(disk, 0, 4096)).equals(before)).toBe(true)
})

test('no table, a table without partitions and random bytes are refused', async () => {
  await using file = await scratchFile(4 * MiB)
  await using disk = await openFileDisk(file.path)
  await expect(settlePartitions(disk)).rejects.toSatisfy(invalid)
  const sector = Buffer.alloc(512)
  sector.writeUInt16LE(0xaa55, 510)
  await writeBytes(disk, 0, sector)
  await expect(settlePartitions(disk)).rejects.toSatisfy(invalid)
  sector.fill(0x5a, 0, 510)
  await writeBytes(disk, 0, sector)
  await expect(settlePartitions(disk)).rejects.toSatisfy(invalid)
})
