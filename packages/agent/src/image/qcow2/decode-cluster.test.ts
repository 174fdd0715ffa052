import { deflateRawSync, zstdCompressSync, constants } from 'node:zlib'
import { isFault } from '@ferrite/shared/fault'
import { expect, test } from 'vitest'
import { decodeCluster } from './decode-cluster.ts'

const cluster = 65_536
const plain = Buffer.alloc(cluster, 'what the cluster has, ')
const encoders = {
  zlib: (bytes: Uint8Array) => deflateRawSync(bytes, { windowBits: 12 }),
  zstd: (bytes: Uint8Array) => zstdCompressSync(bytes),
}
const kinds = ['zlib', 'zstd'] as const

test.each(kinds)('%s: what follows the data in its last sector is ignored, even another cluster', (kind) => {
  const encoded = encoders[kind](plain)
  for (const rest of [Buffer.alloc(0), Buffer.alloc(300), Buffer.alloc(300, 0xff), encoded]) {
    const output = new Uint8Array(cluster)
    decodeCluster(kind, Buffer.concat([encoded, rest]), output)
    expect(Buffer.compare(output, plain)).toBe(0)
  }
})

test('zstd frames with a checksum, without a content size, and of incompressible bytes are read', () => {
  const noise = Buffer.from(Array.from({ length: cluster }, (_, index) => (index * index * 31) >>> 7))
  for (const bytes of [plain, noise, Buffer.alloc(cluster)]) {
    for (const [checksum, size] of [
      [1, 1],
      [0, 0],
      [1, 0],
    ] as const) {
      const params = { [constants.ZSTD_c_checksumFlag]: checksum, [constants.ZSTD_c_contentSizeFlag]: size }
      const output = new Uint8Array(cluster)
      decodeCluster('zstd', Buffer.concat([zstdCompressSync(bytes, { params }), Buffer.alloc(99, 1)]), output)
      expect(Buffer.compare(output, bytes)).toBe(0)
    }
  }
})

test.each(kinds)('%s: memory that threads share is read and filled', (kind) => {
  const encoded = encoders[kind](plain)
  const input = new Uint8Array(new SharedArrayBuffer(encoded.length))
  input.set(encoded)
  const output = new Uint8Array(new SharedArrayBuffer(cluster))
  decodeCluster(kind, input, output)
  expect(Buffer.compare(output, plain)).toBe(0)
})

test.each(kinds)('%s: anything but one whole cluster is refused', (kind) => {
  const encoded = encoders[kind](plain)
  const flipped = Buffer.from(encoded)
  flipped[2] = (flipped[2] ?? 0) ^ 0xff
  const wrong = {
    nothing: Buffer.alloc(0),
    zeros: Buffer.alloc(512),
    cut: encoded.subarray(0, -3),
    flipped,
    shorter: encoders[kind](plain.subarray(0, 65_000)),
    longer: encoders[kind](Buffer.alloc(cluster + 1)),
    bomb: encoders[kind](Buffer.alloc(64 * 1024 * 1024)),
  }
  const outcome = Object.entries(wrong).map(([name, input]) => {
    const before = process.memoryUsage().arrayBuffers
    try {
      decodeCluster(kind, input, new Uint8Array(cluster))
      return [name, 'decoded']
    } catch (error) {
      const memory = process.memoryUsage().arrayBuffers - before
      return [name, isFault(error, 'image_format_refused') && memory < 1024 * 1024 ? 'refused' : error]
    }
  })
  expect(outcome).toEqual(Object.keys(wrong).map((name) => [name, 'refused']))
})
