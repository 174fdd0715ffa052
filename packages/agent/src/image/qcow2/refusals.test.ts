import { isFault } from '@ferrite/shared/fault'
import { expect, test } from 'vitest'
import { compressedEntry, handMade, layoutOf, piecesOf, plainCluster, rebuild } from './hand-made.fixture.ts'
import type { HandMade, Recipe } from './hand-made.fixture.ts'

const cluster = 65_536
const copied = 1n << 63n

type Case = [title: string, message: RegExp, spoil: (image: HandMade) => void, recipe?: Recipe]

const header: Case[] = [
  ['another magic', /no qcow2 header/, ({ bytes }) => bytes.writeUInt32BE(0, 0)],
  ['version 1', /old version 1; convert it/, ({ bytes }) => bytes.writeUInt32BE(1, 4)],
  ['version 4', /unknown version 4/, ({ bytes }) => bytes.writeUInt32BE(4, 4)],
  ['a backing file', /backing file.*flatten it with qemu-img/, ({ bytes }) => bytes.writeBigUInt64BE(1024n, 8)],
  ['clusters of 256 bytes', /clusters of 2\^8/, ({ bytes }) => bytes.writeUInt32BE(8, 20)],
  ['clusters of 4 MiB', /clusters of 2\^22/, ({ bytes }) => bytes.writeUInt32BE(22, 20)],
  ['a size of 0', /empty disk/, ({ bytes }) => bytes.writeBigUInt64BE(0n, 24)],
  ['a size of 2^63', /impossible virtual size/, ({ bytes }) => bytes.writeBigUInt64BE(1n << 63n, 24)],
  ['AES encryption', /encrypted \(AES\)/, ({ bytes }) => bytes.writeUInt32BE(1, 32)],
  ['LUKS encryption', /encrypted \(LUKS\)/, ({ bytes }) => bytes.writeUInt32BE(2, 32)],
  ['an encryption header alone', /encrypted \(LUKS\)/, ({ bytes }) => extension(bytes, 0x0537be77, 16)],
  ['an unknown encryption', /unknown method 9/, ({ bytes }) => bytes.writeUInt32BE(9, 32)],
  ['an L1 table that is too small', /virtual size needs 2/, ({ bytes }) => bytes.writeBigUInt64BE(1n << 30n, 24)],
  ['an L1 table beyond 32 MiB', /more than any tool makes/, ({ bytes }) => bytes.writeUInt32BE(2 ** 22 + 1, 36)],
  ['an L1 table beyond the file', /L1 table.*beyond the end/, ({ bytes }) => bytes.writeBigUInt64BE(1n << 40n, 40)],
  ['an L1 table between clusters', /no cluster begins/, ({ bytes }) => bytes.writeBigUInt64BE(66_048n, 40)],
  ['an L1 table in the header', /L1 table in its header/, ({ bytes }) => bytes.writeBigUInt64BE(0n, 40)],
  ['no refcount table', /no refcount table/, ({ bytes }) => bytes.writeUInt32BE(0, 56)],
  ['a refcount table beyond 8 MiB', /larger than 8 MiB/, ({ bytes }) => bytes.writeUInt32BE(2 ** 31, 56)],
  ['a refcount table beyond the file', /refcount table.*beyond/, ({ bytes }) => bytes.writeUInt32BE(100, 56)],
  ['too many snapshots', /65537 snapshots/, ({ bytes }) => bytes.writeUInt32BE(65_537, 60)],
  ['a snapshot table beyond the file', /snapshot table/, ({ bytes }) => snapshots(bytes, 1n << 41n)],
  ['a header that is too short', /header of 72 bytes/, ({ bytes }) => bytes.writeUInt32BE(72, 100)],
  ['a header of a cluster and more', /header of 65544 bytes/, ({ bytes }) => bytes.writeUInt32BE(65_544, 100)],
  ['an odd header length', /header of 107 bytes/, ({ bytes }) => bytes.writeUInt32BE(107, 100)],
  ['the corrupt bit', /marked corrupt; repair it/, ({ bytes }) => bytes.writeUInt8(2, 79)],
  ['an external data file', /data in another file/, ({ bytes }) => bytes.writeUInt8(4, 79)],
  ['raw external data', /data in another file/, ({ bytes }) => bytes.writeUInt8(2, 95)],
  ['the name of a data file', /data in another file/, ({ bytes }) => extension(bytes, 0x44415441, 8)],
  ['an unknown feature', /not known here: bit 5;/, ({ bytes }) => bytes.writeUInt8(0x20, 79)],
  ['the highest unknown feature', /not known here: bit 63;/, ({ bytes }) => bytes.writeUInt8(0x80, 72)],
  ['an unknown feature with a name', /"time\[31m travel" \(bit 5\)/, ({ bytes }) => namedFeature(bytes)],
  ['refcounts of 128 bits', /refcounts of 2\^7/, ({ bytes }) => bytes.writeUInt32BE(7, 96)],
  ['a compression nobody announced', /contradicts itself/, ({ bytes }) => bytes.writeUInt8(1, 104)],
  ['an announced compression that is none', /contradicts itself/, ({ bytes }) => bytes.writeUInt8(8, 79)],
  ['an unknown compression', /unknown compression 2/, ({ bytes }) => bytes.fill(2, 104, 105).writeUInt8(8, 79)],
  ['an endless extension', /longer than the header/, ({ bytes }) => extension(bytes, 1, 2 ** 31)],
  ['a bitmap directory outside', /bitmap directory.*beyond/, ({ bytes }) => bitmaps(bytes, 1n << 42n)],
  ['small clusters with subclusters', /below 16 KiB/, ({ bytes }) => bytes.writeUInt8(16, 79), { clusterBits: 13 }],
]

const tables: Case[] = [
  ['reserved bits in L1', /entry 0 of its L1 table/, ({ bytes, l1 }) => bytes.writeUInt8(0x40, l1)],
  ['low reserved bits in L1', /entry 0 of its L1 table/, ({ bytes, l1 }) => bytes.writeUInt8(1, l1 + 7)],
  ['an L2 table between clusters', /L2 table.*no cluster/, ({ bytes, l1 }) => bytes.writeUInt16BE(0x0200, l1 + 6)],
  ['an L2 table beyond the file', /L2 table.*beyond/, ({ bytes, l1 }) => bytes.writeBigUInt64BE(1n << 40n, l1)],
  ['an L2 table in the L1 table', /same bytes/, ({ bytes, l1 }) => bytes.writeBigUInt64BE(BigInt(l1), l1)],
  [
    'an L2 table in the refcounts',
    /same bytes/,
    (image) => image.bytes.writeBigUInt64BE(BigInt(image.refcounts), image.l1),
  ],
  ['an L2 table used twice', /same bytes/, twoTables],
  ['reserved high bits in L2', /reserved bits/, ({ bytes, l2 }) => bytes.writeUInt8(0xa0, l2)],
  ['reserved low bits in L2', /reserved bits/, ({ bytes, l2 }) => bytes.writeUInt8(2, l2 + 7)],
  [
    'a zero cluster in version 2',
    /version 2 does not have/,
    ({ bytes, l2 }) => bytes.writeUInt8(1, l2 + 7),
    { version: 2 },
  ],
  ['data between clusters', /where no cluster begins/, ({ bytes, l2 }) => bytes.writeUInt8(2, l2 + 6)],
  ['data beyond the file', /beyond the end/, ({ bytes, l2 }) => bytes.writeBigUInt64BE(1n << 45n, l2)],
  [
    'zeros that have a place beyond it',
    /beyond the end/,
    ({ bytes, l2 }) => bytes.writeBigUInt64BE((1n << 45n) | 1n, l2),
  ],
  ['data in the header', /points into the header/, ({ bytes, l2 }) => bytes.writeBigUInt64BE(copied, l2)],
  ['data in the L1 table', /same bytes.*table/, (image) => entry(image, 0, copied | BigInt(image.l1))],
  ['data in the L2 table', /same bytes.*table/, (image) => entry(image, 0, copied | BigInt(image.l2))],
  ['data in the refcount table', /same bytes.*table/, (image) => entry(image, 0, copied | BigInt(image.refcounts))],
  ['data in the snapshot table', /same bytes/, ({ bytes, data }) => snapshots(bytes, BigInt(data))],
  ['data in the bitmap directory', /same bytes/, ({ bytes, data }) => bitmaps(bytes, BigInt(data))],
  [
    'one cluster for two places',
    /same bytes.*data and for data/,
    (image) => entry(image, 1, copied | BigInt(image.data)),
  ],
  ['a compressed cluster in data', /same bytes/, (image) => entry(image, 1, compressedEntry(image.data + 5, 9, 16))],
  ['compressed in the header', /into the header/, (image) => entry(image, 0, compressedEntry(300, 9, 16))],
  [
    'compressed beyond the file',
    /beyond the end/,
    (image) => entry(image, 0, compressedEntry(image.bytes.length, 9, 16)),
  ],
  [
    'sectors beyond the file',
    /beyond the end/,
    (image) => entry(image, 0, compressedEntry(image.bytes.length - 1, 514, 16)),
  ],
]

const shared: Case[] = [
  [
    'one compressed cluster for two places',
    /same bytes/,
    (image) => entry(image, 1, image.bytes.readBigUInt64BE(image.l2)),
  ],
  ['data in a compressed cluster', /same bytes/, (image) => entry(image, 3, copied | BigInt(image.data))],
  ['compressed clusters that overlap', /same bytes/, (image) => entry(image, 0, compressedEntry(image.data, 1024, 16))],
]

const extended: Case[] = [
  ['subclusters that are both', /both data and zeros/, ({ bytes, l2 }) => bytes.writeUInt8(1, l2 + 11)],
  ['subclusters nowhere', /no place in the file/, ({ bytes, l2 }) => bytes.writeBigUInt64BE(0n, l2)],
  ['compressed subclusters', /compressed and has subclusters/, (image) => subclustersCompressed(image)],
  ['a zero flag', /reserved bits/, ({ bytes, l2 }) => bytes.writeUInt8(1, l2 + 7)],
]

const all: Case[] = [
  ...header,
  ...tables.map(([title, message, spoil, recipe]): Case => [title, message, spoil, { clusters: 'dd', ...recipe }]),
  ...shared.map(([title, message, spoil]): Case => [title, message, spoil, { clusters: 'cccd' }]),
  ...extended.map(([title, message, spoil]): Case => [title, message, spoil, { extendedL2: true, clusters: 'ds' }]),
]

test.each(all)('%s is refused with the reason', async (_title, message, spoil, recipe) => {
  const image = handMade(recipe)
  await layoutOf(image.bytes)
  spoil(image)
  const error = await layoutOf(image.bytes).catch((error: unknown) => error)
  expect(String(error)).toMatch(message)
  expect(isFault(error, 'image_format_refused')).toBe(true)
})

test('every cut of an image is refused, and never by a crash', async () => {
  const { bytes } = handMade({ clusterBits: 9, clusters: 'dcdzd.cd' })
  const error = await Promise.all(
    Array.from({ length: bytes.length - 1 }, (_, length) =>
      layoutOf(bytes.subarray(0, length)).then(
        (layout) => (bytes.length - length < 512 ? undefined : layout),
        (error: unknown) => (isFault(error) ? undefined : error),
      ),
    ),
  )
  expect(error.filter((found) => found !== undefined)).toEqual([])
})

test('what is of no harm is read: dirty, lazy refcounts, bitmaps, snapshots, stale bitmaps, unknown extensions', async () => {
  const image = handMade({ clusters: 'dzc.d' })
  const { bytes } = image
  bytes.writeUInt8(1, 79)
  bytes.writeUInt8(1, 87)
  bytes.writeUInt8(0xfc, 88)
  extension(bytes, 0x1234, 5)
  const layout = await layoutOf(bytes)
  expect(layout.dirty).toBe(true)
  const expected = [plainCluster(0, cluster), Buffer.alloc(cluster), plainCluster(2, cluster), Buffer.alloc(cluster)]
  const disk = rebuild(layout, piecesOf(bytes, 1000))
  expect(disk.equals(Buffer.concat([...expected, plainCluster(4, cluster)]))).toBe(true)
  bitmaps(bytes, BigInt(image.data))
  bytes.writeUInt8(0, 95)
  await layoutOf(bytes)
})

test('a map that would need more memory than allowed is refused with advice', async () => {
  const { bytes } = handMade({ clusterBits: 9, clusters: 'd.'.repeat(32) })
  const limits = { maxLayoutBytes: 512, maxTableBytes: 2 ** 20 }
  // Room for as many runs as there are at first.
  await expect(layoutOf(handMade({ clusters: 'dd' }).bytes, limits)).resolves.toBeDefined()
  await expect(layoutOf(many(200), limits)).rejects.toThrow(/too fragmented.*qemu-img convert/)
  await expect(layoutOf(bytes, { ...limits, maxTableBytes: 100 })).rejects.toThrow(/L2 tables of 512 B.*cluster_size/)
})

/** Clusters each of which is a run of its own. */
const many = (count: number): Buffer => handMade({ clusterBits: 12, clusters: 'd.'.repeat(count) }).bytes

const entry = ({ bytes, l2 }: HandMade, index: number, value: bigint): number =>
  bytes.writeBigUInt64BE(value, l2 + index * 8)

function twoTables({ bytes, l1 }: HandMade): void {
  bytes.writeBigUInt64BE(1n << 30n, 24)
  bytes.writeUInt32BE(2, 36)
  bytes.writeBigUInt64BE(bytes.readBigUInt64BE(l1), l1 + 8)
}

function extension(bytes: Buffer, type: number, length: number): void {
  bytes.writeUInt32BE(type, 112)
  bytes.writeUInt32BE(length, 116)
}

function snapshots(bytes: Buffer, offset: bigint): void {
  bytes.writeUInt32BE(1, 60)
  bytes.writeBigUInt64BE(offset, 64)
}

function bitmaps(bytes: Buffer, offset: bigint): void {
  extension(bytes, 0x23852875, 24)
  bytes.writeUInt32BE(1, 120)
  bytes.writeBigUInt64BE(64n, 128)
  bytes.writeBigUInt64BE(offset, 136)
  bytes.writeUInt8(1, 95)
}

function namedFeature(bytes: Buffer): void {
  extension(bytes, 0x6803f857, 48)
  bytes.writeUInt8(0, 120)
  bytes.writeUInt8(5, 121)
  bytes.write('time\u001b[31m travel', 122)
  bytes.writeUInt8(0x20, 79)
}

function subclustersCompressed(image: HandMade): void {
  image.bytes.writeBigUInt64BE(compressedEntry(image.data, 9, 16), image.l2)
}
