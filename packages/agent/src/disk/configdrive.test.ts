import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import { openFileDisk } from '../hardware/file-disk.ts'
import { writeConfigdrive } from './configdrive.ts'
import { readBytes, writeBytes } from './disk-bytes.ts'
import { settlePartitions } from './settle-partitions.ts'
import { hasTool, scratchFile, sgdiskImage, tool } from './test-image.fixture.ts'

const MiB = 1024 * 1024
const drive = randomBytes(370_001)
const sfdisk = (path: string, script: string) =>
  execFileSync('sfdisk', [path], { input: script, stdio: ['pipe', 'ignore', 'ignore'] })

test.runIf(hasTool('sgdisk'))('a GPT gets a partition of 64 MiB at its end that holds the drive', async () => {
  await using file = await scratchFile(20 * MiB)
  sgdiskImage(file.path)
  await file.grow(200 * MiB)
  await using disk = await openFileDisk(file.path)
  const partition = await writeConfigdrive(disk, await settlePartitions(disk), drive)
  expect(partition).toMatchObject({ number: 3, name: 'config-2' })
  expect((await readBytes(disk, partition.offset, drive.length)).equals(drive)).toBe(true)
  expect(tool('sgdisk', '-v', file.path)).toContain('No problems found')
  expect(tool('sgdisk', '-i', '3', file.path)).toContain("Partition name: 'config-2'")
  expect(tool('sgdisk', '-i', '3', file.path)).toContain((partition.uuid ?? '').toUpperCase())
  const again = await writeConfigdrive(disk, await settlePartitions(disk), drive.subarray(5))
  expect(again).toMatchObject({ number: 3, offset: partition.offset })
})

test.runIf(hasTool('sgdisk'))('a partition called config-2 in any case is used as it is', async () => {
  await using file = await scratchFile(40 * MiB)
  sgdiskImage(file.path, '-n', '3:0:+2M', '-c', '3:CONFIG-2')
  await using disk = await openFileDisk(file.path)
  const table = await settlePartitions(disk)
  expect(await writeConfigdrive(disk, table, drive)).toMatchObject({ number: 3, offset: 13 * MiB, bytes: 2 * MiB })
  await expect(writeConfigdrive(disk, table, randomBytes(3 * MiB))).rejects.toSatisfy((error) =>
    isFault(error, 'configdrive_invalid'),
  )
})

test.runIf(hasTool('sgdisk') && hasTool('mkfs.vfat'))(
  'a partition whose filesystem is labelled config-2 is used',
  async () => {
    await using file = await scratchFile(40 * MiB)
    sgdiskImage(file.path)
    await using filesystem = await scratchFile(4 * MiB)
    tool('mkfs.vfat', '-n', 'CONFIG-2', filesystem.path)
    await using source = await openFileDisk(filesystem.path)
    await using disk = await openFileDisk(file.path)
    await writeBytes(disk, MiB, await readBytes(source, 0, 4 * MiB))
    expect(await writeConfigdrive(disk, await settlePartitions(disk), drive)).toMatchObject({ number: 1, offset: MiB })
  },
)

test.runIf(hasTool('sfdisk'))('an MBR gets one more primary partition, unless it has four', async () => {
  await using file = await scratchFile(200 * MiB)
  sfdisk(file.path, 'label: dos\nlabel-id: 0x0badcafe\nstart=2048, size=8192, type=83\n')
  await using disk = await openFileDisk(file.path)
  const partition = await writeConfigdrive(disk, await settlePartitions(disk), drive)
  expect(partition).toMatchObject({ number: 2, offset: 136 * MiB, bytes: 64 * MiB })
  expect(tool('sfdisk', '-d', file.path)).toMatch(/start=\s*278528, size=\s*131072, type=c/)
  expect(tool('sfdisk', '-d', file.path)).toContain('0x0badcafe')
  expect((await readBytes(disk, partition.offset, drive.length)).equals(drive)).toBe(true)
  sfdisk(file.path, `label: dos\n${[1, 2, 3, 4].map((n) => `start=${n * 4096}, size=2048, type=83`).join('\n')}\n`)
  await expect(writeConfigdrive(disk, await settlePartitions(disk), drive)).rejects.toThrow('four primary')
})

test.runIf(hasTool('sgdisk'))('a disk without 64 MiB to spare is refused', async () => {
  await using file = await scratchFile(60 * MiB)
  sgdiskImage(file.path)
  await using disk = await openFileDisk(file.path)
  await expect(writeConfigdrive(disk, await settlePartitions(disk), drive)).rejects.toThrow('64 MiB')
})
