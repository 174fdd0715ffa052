import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import { gptHeader, gptPartitions, readGpt, withPartition } from './gpt.ts'
import type { Gpt } from './gpt.ts'
import { readerOf, requirePartitionTable } from './image-table.ts'

const empty: Gpt = {
  sectorBytes: 512,
  headerBytes: 92,
  currentLba: 1,
  alternateLba: 999,
  firstUsable: 34,
  lastUsable: 966,
  diskUuid: '00112233-4455-4677-8899-aabbccddeeff',
  entriesLba: 2,
  entryCount: 128,
  entryBytes: 128,
  entries: Buffer.alloc(128 * 128),
}
const partition = {
  type: '0fc63daf-8483-4772-8e79-3d69d8477de4',
  uuid: '01234567-89ab-4cde-8f01-23456789abcd',
  first: 40,
  last: 99,
  name: 'config-2',
}

/** The first 64 KiB of a disk with this table. */
function headOf(gpt: Gpt): Buffer {
  const head = Buffer.alloc(64 * 1024)
  head.writeUInt16LE(0xaa55, 510)
  head.set([0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xe7, 3, 0, 0], 446)
  gptHeader(gpt).copy(head, 512)
  gpt.entries.copy(head, 1024)
  return head
}

test('what is written is read again, name and GUIDs included', async () => {
  const gpt = withPartition(withPartition(empty, partition), { ...partition, first: 100, last: 199, name: 'other' })
  const found = await readGpt(readerOf(headOf(gpt)), 512)
  expect(found).toEqual(gpt)
  expect(found && gptPartitions(found)).toEqual([
    { ...partition, number: 1 },
    { ...partition, number: 2, first: 100, last: 199, name: 'other' },
  ])
})

test('a full table has no room for another partition', () => {
  let gpt: Gpt = { ...empty, entryCount: 4, entries: Buffer.alloc(4 * 128) }
  for (let count = 0; count < 4; count++) gpt = withPartition(gpt, partition)
  expect(() => withPartition(gpt, partition)).toThrow('in use')
})

test('hostile bytes are refused or read, never more than that', async () => {
  const good = headOf(withPartition(empty, partition))
  for (let run = 0; run < 5000; run++) {
    const head = Buffer.from(good)
    for (let patches = 1 + randomInt(8); patches > 0; patches--) head.writeUInt8(randomInt(256), 440 + randomInt(1060))
    if (run % 2 === 0) fixChecksums(head)
    const outcome = await requirePartitionTable(readerOf(head), 512).catch((error: unknown) => error)
    const isExpected = isFault(outcome, 'partition_table_invalid') || Object.hasOwn(outcome as object, 'partitions')
    expect(isExpected, `${head.subarray(440, 1500).toString('hex')}: ${String(outcome)}`).toBe(true)
  }
})

/** Makes the checksums right again, so that the fields themselves are looked at. */
function fixChecksums(head: Buffer): void {
  const headerBytes = Math.min(512, head.readUInt32LE(512 + 12))
  const length = head.readUInt32LE(512 + 80) * head.readUInt32LE(512 + 84)
  const start = head.readUInt32LE(512 + 72) * 512
  if (length < head.length && start + length < head.length) {
    head.writeUInt32LE(crc32(head.subarray(start, start + length)), 512 + 88)
  }
  head.writeUInt32LE(0, 512 + 16)
  head.writeUInt32LE(crc32(head.subarray(512, 512 + headerBytes)), 512 + 16)
}
