import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { readGpt, sector, types, writeGpt, type Partition } from './gpt.ts'

const sectors = 8192
const partition: Partition = {
  type: types.linux,
  id: '01234567-89ab-4def-8123-456789abcdef',
  first: 2048,
  last: 4095,
  attributes: 4n,
  name: 'root',
}
const diskId = 'f3e221e0-0001-4000-8000-000000000001'

function disk(): Buffer {
  const { front, back } = writeGpt({ diskId, partitions: [partition] }, sectors)
  return Buffer.concat([front, Buffer.alloc(sectors * sector - front.length - back.length), back])
}
const reader = (bytes: Buffer) => (offset: number, length: number) =>
  Promise.resolve(bytes.subarray(offset, offset + length))

test('both headers of a written table read back as what was written', async () => {
  const bytes = disk()
  const front = await readGpt(reader(bytes), 1)
  const back = await readGpt(reader(bytes), sectors - 1)
  expect(front).toMatchObject({ diskId, at: 1, other: sectors - 1, partitions: [partition] })
  expect(back).toMatchObject({ diskId, at: sectors - 1, other: 1, partitions: [partition] })
})

test('a GUID lies on the disk in the byte order of the UEFI specification', () => {
  expect(disk().subarray(1024, 1040).toString('hex')).toBe('af3dc60f838472478e793d69d8477de4')
})

test('the protective MBR covers the disk from its second sector', () => {
  const mbr = disk()
  expect([mbr[450], mbr.readUInt32LE(454), mbr.readUInt32LE(458), mbr.readUInt16BE(510)]).toEqual([
    0xee,
    1,
    sectors - 1,
    0x55aa,
  ])
})

test.each([
  ['header', sector + 60, 'header in sector 1'],
  ['entries', 2 * sector + 3, 'entries'],
])('one changed byte in the %s is noticed', async (_, at, message) => {
  const bytes = disk()
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await expect(readGpt(reader(bytes), 1)).rejects.toThrow(message)
})

test('a header with a right checksum but no signature is none', async () => {
  const bytes = disk()
  bytes.write('NOT PART', sector, 'latin1')
  const header = Buffer.from(bytes.subarray(sector, sector + 92))
  header.writeUInt32LE(0, 16)
  bytes.writeUInt32LE(crc32(header), sector + 16)
  await expect(readGpt(reader(bytes), 1)).rejects.toThrow('no GPT header')
})
