import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import { fakeImageServer, serveParts } from '../fake-image-server.ts'
import type { FakeRequest } from '../fake-image-server.ts'
import type { WriteRequest } from '../request.ts'
import { isZero, requestFor, sha256, testContext, testDisk } from '../write-image.fixture.ts'
import { writeImage } from '../write-image.ts'
import type { ChunkMap } from './chunk-map.ts'
import { parseChunkMap } from './chunk-map.ts'
import { indexImage } from './index-image.ts'

const MiB = 1024 * 1024
const diskBytes = 40 * MiB
const chunkSize = MiB

const bytesOf = (data: Buffer) => {
  let position = 0
  return {
    async read(into: Uint8Array) {
      const part = data.subarray(position, position + into.length)
      into.set(part)
      position += part.length
      return part.length
    },
  }
}

/** 31 MiB and a bit: random, five MiB of zeros, random. */
function image(): Buffer {
  const data = randomBytes(31 * MiB + 777)
  data.fill(0, 9 * MiB, 14 * MiB)
  return data
}

async function mapped(data: Buffer) {
  const map = await indexImage(bytesOf(data), chunkSize)
  const text = Buffer.from(JSON.stringify(map))
  const requests: FakeRequest[] = []
  const server = await fakeImageServer((request, socket) => {
    requests.push(request)
    serveParts(request.path === '/map' ? text : data, request, socket)
  })
  const request = (more: Partial<WriteRequest> = {}) =>
    requestFor(server.url, data, {
      digest: null,
      chunkMap: { url: `${server.origin}/map`, digest: { algorithm: 'sha256', value: sha256(text) } },
      ...more,
    })
  const fetched = () => requests.filter(({ path }) => path !== '/map').length
  return { map, request, server, fetched, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

test('the map has the digest of each part and of the whole, and names the zeros', async () => {
  const data = image()
  const map = await indexImage(bytesOf(data), chunkSize)
  expect(map).toMatchObject({
    v: 1,
    raw: { size: data.length, sha256: sha256(data) },
    source: { format: 'raw' },
    chunkSize,
  })
  expect(map.chunks).toHaveLength(32)
  expect(map.chunks[10]).toEqual({ i: 10, zero: true })
  const part = data.subarray(31 * MiB)
  expect(map.chunks[31]).toEqual({ i: 31, sha256: sha256(part), off: 31 * MiB, len: 777 })
  expect(parseChunkMap(JSON.stringify(map))).toEqual(map)
  await expect(indexImage(bytesOf(Buffer.from('KDMV')))).rejects.toThrow('VMDK')
})

test('all of an image is fetched by its map, and the second time nothing', async () => {
  const data = image()
  await using given = await mapped(data)
  await using target = await testDisk(diskBytes)
  const first = await writeImage(given.request(), target.disk, testContext())
  expect((await target.content()).subarray(0, data.length).equals(data)).toBe(true)
  expect(first).toMatchObject({ bytesReceived: data.length - 5 * MiB, bytesWritten: data.length, bytesKept: 0 })
  const second = await writeImage(given.request(), target.disk, testContext())
  expect(second).toMatchObject({ bytesReceived: 0, bytesKept: data.length - 5 * MiB })
  expect((await target.content()).subarray(0, data.length).equals(data)).toBe(true)
})

test('only what differs is fetched, and old content where zeros belong is erased', async () => {
  const data = image()
  await using given = await mapped(data)
  await using target = await testDisk(diskBytes)
  await writeImage(given.request(), target.disk, testContext())
  const { writeBytes } = await import('../../disk/disk-bytes.ts')
  for (const offset of [0, 10 * MiB + 5, 20 * MiB, 31 * MiB]) await writeBytes(target.disk, offset, randomBytes(3))
  const before = given.fetched()
  const again = await writeImage(given.request(), target.disk, testContext())
  expect(given.fetched() - before).toBe(3)
  expect(again.bytesKept).toBe(24 * MiB)
  expect((await target.content()).subarray(0, data.length).equals(data)).toBe(true)
})

test('a chunk that is not what the map says ends the write with nothing to boot', async () => {
  const data = image()
  await using given = await mapped(data)
  data.writeUInt8(data.readUInt8(20 * MiB) ^ 1, 20 * MiB)
  await using target = await testDisk(diskBytes)
  const failure = await writeImage(given.request(), target.disk, testContext()).catch((error: unknown) => error)
  expect(isFault(failure, 'image_digest_mismatch') && failure.details).toMatchObject({ chunk: 20 })
  expect(isZero((await target.content()).subarray(0, MiB))).toBe(true)
})

test('a map that is not the pinned one, or is of another image, is refused before the disk is touched', async () => {
  const data = image()
  await using given = await mapped(data)
  await using target = await testDisk(diskBytes)
  const other = { algorithm: 'sha256' as const, value: sha256(Buffer.from('other')) }
  const url = `${given.server.origin}/map`
  for (const request of [given.request({ chunkMap: { url, digest: other } }), given.request({ digest: other })]) {
    const failure = await writeImage(request, target.disk, testContext()).catch((error: unknown) => error)
    expect(isFault(failure, 'image_digest_mismatch')).toBe(true)
  }
  expect((await target.content()).every((byte) => byte === 0xa5)).toBe(true)
})

test("the image's own checksum counts beside its map, whatever the algorithm and wherever it is", async () => {
  const data = image()
  await using given = await mapped(data)
  await using target = await testDisk(diskBytes)
  const sha512 = (of: Buffer) => createHash('sha512').update(of).digest('hex')
  const write = (digest: WriteRequest['digest'], verify: boolean) =>
    writeImage(given.request({ digest, verify }), target.disk, testContext()).catch((error: unknown) => error)
  expect(await write({ algorithm: 'sha512', value: sha512(data) }, true)).toMatchObject({ verified: true })
  const other = await write({ algorithm: 'sha512', value: sha512(Buffer.from('other')) }, false)
  expect(isFault(other, 'image_digest_mismatch')).toBe(true)
  expect(isZero((await target.content()).subarray(0, MiB))).toBe(true)
  expect(isFault(await write({ url: `${given.server.origin}/map` }, true), 'checksum_unavailable')).toBe(true)
})

test.each<[string, (map: ChunkMap) => unknown]>([
  ['of a version nobody knows', (map) => ({ ...map, v: 2 })],
  ['with a chunk missing', (map) => ({ ...map, chunks: map.chunks.slice(1) })],
  ['with a chunk beyond the file', (map) => ({ ...map, chunks: map.chunks.map((one) => ({ ...one, off: 2 ** 40 })) })],
  ['with a chunk of another length', (map) => ({ ...map, chunks: map.chunks.map((one) => ({ ...one, len: 5 })) })],
  ['with chunks that are too large', (map) => ({ ...map, chunkSize: 2 ** 30 })],
  ['of a compressed image', (map) => ({ ...map, source: { ...map.source, format: 'gzip' } })],
])('a map %s is refused', async (_name, change) => {
  const map = await indexImage(bytesOf(Buffer.from('x'.repeat(100_000))))
  expect(() => parseChunkMap(JSON.stringify(change(map)))).toThrow('chunk map')
})
