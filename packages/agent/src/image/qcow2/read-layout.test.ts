import { Fault } from '@ferrite/shared/fault'
import { expect, test } from 'vitest'
import { handMade, layoutOf, piecesOf, plainCluster, rebuild } from './hand-made.fixture.ts'
import type { Recipe } from './hand-made.fixture.ts'
import type { ReadAt } from './read-at.ts'
import { readLayout } from './read-layout.ts'

const recipes: Recipe[] = [
  { clusters: 'ddcczz..cdcd', clusterBits: 12 },
  { clusters: 'cccccccc', compression: 'zstd', clusterBits: 15 },
  { clusters: 'dsdzsc.s', extendedL2: true, clusterBits: 14 },
  { clusters: 'ddd', clusterBits: 16, virtualSize: 2 * 65_536 + 512 },
  { clusters: 'dcc', clusterBits: 16, virtualSize: 2 * 65_536 + 512, version: 2 },
]

test.each(recipes)('pieces of any length give the same disk: $clusters', async (recipe) => {
  const { bytes } = handMade(recipe)
  const layout = await layoutOf(bytes)
  const disks = [bytes.length, 4096, 1000, 77].map((length) => rebuild(layout, piecesOf(bytes, length)))
  const size = layout.clusterSize
  const letters = (recipe.clusters ?? '').split('')
  const whole = letters.map((letter, index) => expectedCluster(letter, index, size))
  const expected = Buffer.concat(whole).subarray(0, layout.virtualSize)
  expect(disks.map((disk) => disk.compare(expected))).toEqual([0, 0, 0, 0])
})

function expectedCluster(letter: string, index: number, size: number): Buffer {
  if (letter === 'z' || letter === '.') return Buffer.alloc(size)
  const plain = Buffer.from(plainCluster(index, size))
  if (letter !== 's') return plain
  const part = size / 32
  // The subclusters 0 to 7 and 20 to 27 are there.
  plain.fill(0, 8 * part, 20 * part)
  return plain.fill(0, 28 * part)
}

test('what lies in the file in order is one extent, whatever its size', async () => {
  const layout = await layoutOf(handMade({ clusters: 'dddddddd', clusterBits: 12 }).bytes)
  const extents = layout.fileExtents()
  const found = []
  while (extents.next()) found.push([extents.kind, extents.hostOffset, extents.length, extents.guestOffset])
  expect(found).toEqual([
    ['metadata', 0, 4096, -1],
    ['metadata', 4096, 8, -1],
    ['metadata', 12_288, 4096, -1],
    ['data', 16_384, 32_768, 0],
  ])
})

test('a file with other tables than those that were read is found out, and so is one of another length', async () => {
  const { bytes, l1, l2 } = handMade({ clusters: 'd.d' })
  const layout = await layoutOf(bytes)
  const code = (file: Uint8Array): unknown => {
    try {
      return rebuild(layout, piecesOf(file, 5000)).length
    } catch (error) {
      return error instanceof Fault ? error.code : error
    }
  }
  expect(code(bytes)).toBe(3 * 65_536)
  for (const at of [5, 70, l1 + 7, l2, l2 + 8, l2 + 65_535]) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect([at, code(changed)]).toEqual([at, 'image_changed'])
  }
  expect(code(bytes.subarray(0, -1))).toBe('image_truncated')
  expect(code(Buffer.concat([bytes, Buffer.alloc(1)]))).toBe('image_truncated')
})

test('an L1 table behind the L2 table, as after a resize, is part of the digest in the order of the file', async () => {
  const { bytes, l1, l2 } = handMade({ clusters: 'dd' })
  const moved = Buffer.concat([bytes, Buffer.alloc(65_536)])
  bytes.copy(moved, bytes.length, l1, l1 + 8)
  moved.writeBigUInt64BE(BigInt(bytes.length), 40)
  expect(l2).toBeLessThan(bytes.length)
  const disk = rebuild(await layoutOf(moved), piecesOf(moved, 3000))
  expect(disk.compare(Buffer.concat([plainCluster(0, 65_536), plainCluster(1, 65_536)]))).toBe(0)
})

test('a read that fails or gives too little is told as it is, and an abort reaches it', async () => {
  const { bytes } = handMade({ clusters: 'dd' })
  const stop = new AbortController()
  const from = (read: ReadAt) => readLayout({ read, fileSize: bytes.length, signal: stop.signal })
  await expect(from(async (offset, length) => bytes.subarray(offset, offset + length - 1))).rejects.toMatchObject({
    code: 'image_truncated',
  })
  const lost = new Fault('image_unreachable', 'gone')
  await expect(
    from(async (offset, length) => {
      if (offset > 65_536) throw lost
      return bytes.subarray(offset, offset + length)
    }),
  ).rejects.toBe(lost)
  const hanging = from(async (offset, length, signal) => {
    if (offset <= 65_536) return bytes.subarray(offset, offset + length)
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      stop.abort(lost)
    })
  })
  await expect(hanging).rejects.toBe(lost)
})

const tib = 1024 ** 4
const clusterSize = 65_536

/** An image of which only the tables exist: `host` says where a guest cluster is, `flags` the bits above. */
type Imagined = { flags: number; host: (cluster: number) => number }
function imagined(virtualSize: number, { flags, host }: Imagined): { read: ReadAt; reads: () => number } {
  const { bytes } = handMade({ virtualSize: clusterSize })
  const tables = Math.ceil(virtualSize / clusterSize / 8192)
  bytes.writeBigUInt64BE(BigInt(virtualSize), 24)
  bytes.writeUInt32BE(tables, 36)
  let reads = 0
  const read: ReadAt = async (offset, length) => {
    reads += 1
    if (offset === 0) return bytes.subarray(0, length)
    const part = Buffer.alloc(length)
    if (offset === clusterSize) {
      for (let at = 0; at < tables; at += 1) part.writeBigUInt64BE(BigInt((3 + at) * clusterSize), at * 8)
      return part
    }
    const first = ((offset - 3 * clusterSize) / clusterSize) * 8192
    for (let at = 0; at < length / 8; at += 1) {
      const place = host(first + at)
      part.writeUInt32BE(flags + Math.floor(place / 2 ** 32), at * 8)
      part.writeUInt32BE(place % 2 ** 32, at * 8 + 4)
    }
    return part
  }
  return { read, reads: () => reads }
}

async function timed(virtualSize: number, image: Imagined) {
  const { read, reads } = imagined(virtualSize, image)
  const before = process.memoryUsage()
  const started = performance.now()
  const layout = await readLayout({ read, fileSize: 8 * tib, signal: new AbortController().signal })
  const sums = layout.sums()
  let zeros = 0
  for (const extents = layout.zeroExtents(); extents.next();) zeros += extents.length
  const memory = process.memoryUsage().arrayBuffers - before.arrayBuffers
  return { sums, zeros, reads: reads(), seconds: (performance.now() - started) / 1000, memory }
}

test('100 GiB in 1.6 million clusters, each somewhere else in the file, take seconds and less than 128 MiB', async () => {
  const clusters = 1_638_400
  // A permutation: 600 007 has no divisor in common with the number of clusters.
  const host = (cluster: number): number => (1000 + ((cluster * 600_007) % clusters) * 2) * clusterSize
  const found = await timed(clusters * clusterSize, { flags: 0x8000_0000, host })
  expect(found.sums.dataBytes).toBe(clusters * clusterSize)
  expect(found).toMatchObject({ zeros: 0, sums: { compressedClusters: 0 } })
  expect(found.seconds).toBeLessThan(20)
  expect(found.memory).toBeLessThan(128 * 1024 * 1024)
})

test('1 TiB of which every cluster is compressed fits into the bound, in few reads', async () => {
  // 32 sectors each, of which the last is the next one's too.
  const flags = 0x4000_0000 + 31 * 2 ** 22
  const found = await timed(tib, { flags, host: (cluster) => 3000 * clusterSize + cluster * 15_900 })
  expect(found.sums).toMatchObject({ dataBytes: tib, compressedClusters: tib / clusterSize, longestCompressed: 15_900 })
  expect(found.reads).toBeLessThan(40)
  expect(found.memory).toBeLessThan(128 * 1024 * 1024)
})
