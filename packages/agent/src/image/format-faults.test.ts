import { randomBytes } from 'node:crypto'
import { crc32, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import type { FaultCode } from '@ferrite/shared/fault'
import { fakeImageServer, serveImage, serveParts, writeHead } from './fake-image-server.ts'
import type { Shape } from './fake-image-server.ts'
import { compressions, packs, qcow2 } from './packs.fixture.ts'
import { hasQemuImg } from './qcow2/qemu-img.fixture.ts'
import type { WriteRequest } from './request.ts'
import { isZero, quick, requestFor, testContext, testDisk } from './write-image.fixture.ts'
import { writeImage } from './write-image.ts'

const MiB = 1024 * 1024
const diskBytes = 9 * MiB
const source = Buffer.concat([randomBytes(3 * MiB), Buffer.alloc(MiB), randomBytes(2 * MiB + 512)])

type Attempt = { served: Buffer; shape?: Shape; request?: Partial<WriteRequest>; expected?: Buffer }

/** Writes what is served, digest included unless another is expected; the outcome, and what the disk then holds. */
async function attempt({ served, shape, request, expected = served }: Attempt) {
  await using server = await fakeImageServer((asked, socket) => serveParts(served, asked, socket, shape))
  await using target = await testDisk(diskBytes)
  const outcome: unknown = await writeImage(
    requestFor(server.url, expected, { format: null, ...request }),
    target.disk,
    testContext(),
  ).catch((error: unknown) => error)
  return { outcome, content: await target.content(), requests: server.requests.length }
}

function expectFault(outcome: unknown, codes: readonly FaultCode[]): void {
  expect(isFault(outcome) ? outcome.code : outcome).toSatisfy((code) => codes.includes(code as FaultCode))
}

test.each(packs)(
  '%s: a flipped bit is found, nothing can boot, and it is not downloaded again',
  async (_name, pack) => {
    const good = pack(source)
    const bad = Buffer.from(good)
    const at = Math.floor(bad.length / 2)
    bad.writeUInt8(bad.readUInt8(at) ^ 0x10, at)
    const { outcome, content, requests } = await attempt({ served: bad, expected: good })
    expectFault(outcome, ['image_digest_mismatch', 'image_refused'])
    expect(requests).toBeLessThanOrEqual(2)
    // Found in the very first bytes, the disk is as it was.
    const isErased = isZero(content.subarray(0, MiB)) && isZero(content.subarray(-MiB))
    expect(isErased || content.every((byte) => byte === 0xa5)).toBe(true)
  },
)

test.each(packs.slice(1))(
  '%s: a file that ends too early is refused, though its digest is right',
  async (_name, pack) => {
    const good = pack(source)
    const { outcome, content } = await attempt({ served: good.subarray(0, good.length - 70_000) })
    expectFault(outcome, ['image_truncated', 'image_format_refused'])
    expect(isZero(content.subarray(0, MiB)) || content.every((byte) => byte === 0xa5)).toBe(true)
  },
)

test.each(compressions)(
  '%s: other data after the stream is refused, though its digest is right',
  async (_name, pack) => {
    for (const more of [Buffer.from('more\n'), randomBytes(MiB)]) {
      const { outcome, content } = await attempt({ served: Buffer.concat([pack(source), more]) })
      // A few bytes may be the beginning of another stream.
      expectFault(outcome, ['image_refused', 'image_truncated'])
      expect(isZero(content.subarray(0, MiB))).toBe(true)
    }
  },
)

test.each(packs)('%s: twenty cut connections cost next to nothing, and the digest is right', async (_name, pack) => {
  const good = pack(source)
  await using server = await fakeImageServer((asked, socket) =>
    serveParts(good, asked, socket, { etag: '"one"', cutAfter: Math.ceil(good.length / 20) }),
  )
  await using target = await testDisk(diskBytes)
  const request = requestFor(server.url, good, { format: null, limits: { ...quick, retryPauseMs: 1 } })
  const result = await writeImage(request, target.disk, testContext())
  expect(result.resumes).toBeGreaterThanOrEqual(19)
  expect(result.bytesWasted).toBeLessThan(good.length / 10)
  expect((await target.content()).subarray(0, source.length).equals(source)).toBe(true)
})

test.each(packs)('%s: a server that cannot resume is asked for everything again', async (_name, pack) => {
  const good = pack(source)
  let whole = 0
  await using server = await fakeImageServer((asked, socket) => {
    if (asked.headers.has('range')) return serveParts(good, asked, socket)
    whole += 1
    serveImage(good, asked, socket, whole === 1 ? { cutAfter: Math.ceil(good.length * 0.8) } : {})
  })
  await using target = await testDisk(diskBytes)
  const result = await writeImage(requestFor(server.url, good, { format: null }), target.disk, testContext())
  expect(result.bytesWasted).toBeGreaterThan(0)
  expect((await target.content()).subarray(0, source.length).equals(source)).toBe(true)
})

test.each([
  ['gzip', gzipSync(Buffer.alloc(50 * MiB))],
  ['zstd', zstdCompressSync(Buffer.alloc(50 * MiB))],
])('a bomb of %s ends at the size of the disk', async (_name, bomb) => {
  const { outcome, content } = await attempt({ served: bomb })
  expectFault(outcome, ['image_too_large'])
  expect(isZero(content.subarray(0, MiB))).toBe(true)
})

test.each([
  ['gzip inside of gzip', gzipSync(gzipSync(source)), null],
  ['vmdk inside of zstd', zstdCompressSync(Buffer.from('KDMV' + '0'.repeat(4000))), null],
  ['nothing inside of gzip', gzipSync(Buffer.alloc(0)), null],
  ['gzip that is declared qcow2', gzipSync(source), 'qcow2'],
  ['raw that is declared qcow2', source, 'qcow2'],
])('%s is refused before the disk is touched', async (_name, served, format) => {
  const { outcome, content } = await attempt({ served, request: { format } })
  expectFault(outcome, ['image_format_refused', 'image_refused'])
  expect(content.every((byte) => byte === 0xa5)).toBe(true)
})

/** A small xz file that says it needs a dictionary of 1 GiB: the size is in the header of its only block. */
function hungryXz(): Buffer {
  const file = new Map(compressions).get('xz')?.(Buffer.from('a disk')) ?? Buffer.alloc(0)
  const header = file.subarray(12, 12 + (file.readUInt8(12) + 1) * 4)
  header.writeUInt8(36, header.indexOf(Buffer.of(0x21, 1)) + 2)
  header.writeUInt32LE(crc32(header.subarray(0, -4)), header.length - 4)
  return file
}

test.each([
  ['a dictionary of xz beyond the bound', hungryXz(), 'too much memory'],
  // Frames of one raw block, of which nothing but the header matters.
  ['a window of zstd beyond the bound', Buffer.from('28b52ffd009009000041', 'hex'), 'too much memory'],
  ['a dictionary that zstd needs', Buffer.from('28b52ffd01000709000041', 'hex'), 'needs a dictionary'],
  [
    'what follows gzip and is none',
    Buffer.concat([gzipSync(source), Buffer.alloc(50, 7)]),
    'other data after its gzip',
  ],
])('%s is told of as what it is', async (_name, served, words) => {
  const { outcome } = await attempt({ served })
  expectFault(outcome, ['image_format_refused', 'image_refused'])
  expect(String(outcome)).toContain(words)
})

test('a format that the conductor does not permit is refused before the disk is touched', async () => {
  const { outcome, content } = await attempt({ served: gzipSync(source), request: { permittedFormats: ['qcow2'] } })
  expectFault(outcome, ['image_format_refused'])
  expect(content.every((byte) => byte === 0xa5)).toBe(true)
})

test.each(packs)('%s: the digest of the content is compared with what the disk holds', async (_name, pack) => {
  const served = pack(source)
  const { digest: contentDigest } = requestFor('', source)
  if (!contentDigest || !('value' in contentDigest)) throw new Error('no digest')
  expect((await attempt({ served, request: { contentDigest } })).outcome).toMatchObject({ verified: true })
  const other = { ...contentDigest, value: 'f'.repeat(64) }
  const { outcome, content } = await attempt({ served, request: { contentDigest: other } })
  expectFault(outcome, ['image_digest_mismatch'])
  expect(isZero(content.subarray(0, MiB))).toBe(true)
})

test.runIf(hasQemuImg)('qcow2 from a server without ranges, tables all over the file, passes twice', async () => {
  const file = qcow2('-o', 'cluster_size=1k')(source)
  await using server = await fakeImageServer((asked, socket) => serveImage(file, asked, socket, { ignoreRange: true }))
  await using target = await testDisk(diskBytes)
  await writeImage(requestFor(server.url, file, { format: 'qcow2' }), target.disk, testContext())
  expect((await target.content()).subarray(0, source.length).equals(source)).toBe(true)
})

test.runIf(hasQemuImg)('qcow2 from a server that tells no length is refused with what to do', async () => {
  const file = qcow2()(source)
  await using server = await fakeImageServer((_asked, socket) => {
    writeHead(socket, '200 OK')
    socket.end(file)
  })
  await using target = await testDisk(diskBytes)
  await expect(writeImage(requestFor(server.url, file, { format: null }), target.disk, testContext())).rejects.toThrow(
    'nginx',
  )
  expect((await target.content()).every((byte) => byte === 0xa5)).toBe(true)
})

test.runIf(hasQemuImg)('qcow2 whose disk is larger than ours is refused before it is touched', async () => {
  const { outcome, content } = await attempt({ served: qcow2()(Buffer.alloc(diskBytes + MiB)) })
  expectFault(outcome, ['image_too_large'])
  expect(content.every((byte) => byte === 0xa5)).toBe(true)
})
