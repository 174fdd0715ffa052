import { readerOf, requirePartitionTable } from '@ferrite/agent/disk/image-table'
import { detectFormat } from '@ferrite/agent/image/format/detect-format'
import { imageFormats } from '@ferrite/agent/image/format/image-formats'
import { isFault } from '@ferrite/shared/fault'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { cases, minutes, runCases } from './cases.ts'
import { chance, mutate } from './mutate.ts'
import type { Target } from './mutate.ts'

/** The head of a disk with a protective MBR and two partitions. */
function gptDisk(sectorBytes: number): Buffer<ArrayBuffer> {
  const disk = Buffer.alloc(2 * sectorBytes + 128 * 128)
  disk.writeUInt16LE(0xaa55, 510)
  disk[450] = 0xee
  disk.writeUInt32LE(1, 454)
  disk.writeUInt32LE(0xffff_ffff, 458)
  const header = disk.subarray(sectorBytes)
  header.write('EFI PART')
  header.writeUInt32LE(0x1_0000, 8)
  header.writeUInt32LE(92, 12)
  for (const [at, value] of [
    [24, 1n],
    [32, 9999n],
    [40, 34n],
    [48, 9000n],
    [72, 2n],
  ] as const) {
    header.writeBigUInt64LE(value, at)
  }
  header.writeUInt32LE(128, 80)
  header.writeUInt32LE(128, 84)
  for (const [number, first] of [40, 4000].entries()) {
    const entry = disk.subarray(2 * sectorBytes + number * 128)
    entry.fill(0x11 * (number + 1), 0, 32)
    entry.writeBigUInt64LE(BigInt(first), 32)
    entry.writeBigUInt64LE(BigInt(first + 3000), 40)
    entry.write(`part ${number}`, 56, 'utf16le')
  }
  return sealed(disk, sectorBytes)
}

/** With the checksums that fit, so that what is behind them is reached. */
function sealed(disk: Buffer<ArrayBuffer>, sectorBytes: number): Buffer<ArrayBuffer> {
  if (disk.length < sectorBytes + 92) return disk
  const header = disk.subarray(sectorBytes, 2 * sectorBytes)
  const [start, count, bytes] = [Number(header.readBigUInt64LE(72)), header.readUInt32LE(80), header.readUInt32LE(84)]
  if (count * bytes > 2 ** 21 || start > 2 ** 32) return disk
  header.writeUInt32LE(crc32(disk.subarray(start * sectorBytes, start * sectorBytes + count * bytes)), 88)
  header.writeUInt32LE(0, 16)
  header.writeUInt32LE(crc32(header.subarray(0, Math.min(header.readUInt32LE(12), header.length))), 16)
  return disk
}

const targets: (Target & { sectorBytes: number })[] = [512, 4096].map((sectorBytes) => ({
  sectorBytes,
  bytes: gptDisk(sectorBytes),
  hot: [
    { offset: 446, length: 64, width: 1 },
    { offset: sectorBytes, length: 96, width: 4 },
    { offset: sectorBytes, length: 96, width: 8 },
    { offset: sectorBytes + 24, length: 64, width: 1 },
    { offset: 2 * sectorBytes, length: 384, width: 8 },
  ],
}))

test('the unchanged tables are read', async () => {
  for (const { bytes, sectorBytes } of targets) {
    const table = await requirePartitionTable(readerOf(bytes), sectorBytes)
    expect([table.kind, table.partitions.length]).toEqual(['gpt', 2])
  }
})

test(
  'any change to a partition table gives partitions in order or a Fault',
  async () => {
    const outcomes = { accepted: 0, refused: 0 }
    const { slowestMs } = await runCases(cases, async (number) => {
      const dice = chance(number)
      const target = dice.pick(targets)
      const changed = mutate(target, dice)
      const disk = dice.below(4) === 0 ? changed : sealed(changed, target.sectorBytes)
      try {
        const { partitions } = await requirePartitionTable(readerOf(disk), target.sectorBytes)
        outcomes.accepted += 1
        const wrong = partitions.find(({ offset, bytes }) => !(offset >= 0 && bytes > 0))
        if (wrong || partitions.length > 8192)
          throw new Error(`${partitions.length} partitions, ${JSON.stringify(wrong)}`)
      } catch (error) {
        if (!isFault(error, 'partition_table_invalid')) throw error
        outcomes.refused += 1
      }
    })
    expect(outcomes.refused).toBeGreaterThan(cases / 10)
    expect(outcomes.accepted).toBeGreaterThan(cases / 20)
    expect(slowestMs).toBeLessThan(5000)
  },
  minutes(1 + cases / 2000),
)

test(
  'any bytes have a format',
  async () => {
    const { slowestMs } = await runCases(cases, (number) => {
      const dice = chance(number)
      const format = detectFormat(mutate(dice.pick(targets), dice), new Uint8Array(dice.below(600)))
      if (!Object.hasOwn(imageFormats, format)) throw new Error(format)
    })
    expect(slowestMs).toBeLessThan(5000)
  },
  minutes(1 + cases / 2000),
)
