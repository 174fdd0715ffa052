import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import type { Disk } from '../hardware/disk.ts'
import { fakeImageServer, serveImage, writeHead } from './fake-image-server.ts'
import { isZero, quick, requestFor, sha256, testContext, testDisk } from './write-image.fixture.ts'
import { writeImage } from './write-image.ts'

const MiB = 1024 * 1024
const diskBytes = 24 * MiB

test.each([
  ['one byte', 1],
  ['less than a sector', 511],
  ['less than the boot block', 700_001],
  ['exactly the boot block', MiB],
  ['one slab', 4 * MiB],
  ['two slabs and a bit', 8 * MiB + 513],
  ['all of the disk', diskBytes],
])('an image of %s lands byte for byte, and nothing beyond it is touched', async (_name, bytes) => {
  const data = randomBytes(bytes)
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using target = await testDisk(diskBytes)
  const result = await writeImage(requestFor(server.url, data), target.disk, testContext())
  const content = await target.content()
  expect(content.subarray(0, bytes).equals(data)).toBe(true)
  const padded = Math.ceil(bytes / 512) * 512
  expect(isZero(content.subarray(bytes, Math.max(padded, MiB)))).toBe(true)
  const between = content.subarray(Math.max(padded, MiB), diskBytes - MiB)
  expect(between.every((byte) => byte === 0xa5)).toBe(true)
  expect(result).toMatchObject({
    bytesReceived: bytes,
    bytesWritten: bytes,
    verified: true,
    bytesWasted: 0,
    resumes: 0,
  })
})

test('nothing is read back when that is turned off, and sha512 and md5 work', async () => {
  const data = randomBytes(3 * MiB)
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using target = await testDisk(diskBytes)
  const value = (name: string) => createHash(name).update(data).digest('hex')
  const sha512 = { verify: false, digest: { algorithm: 'sha512' as const, value: value('sha512').toUpperCase() } }
  expect(await writeImage(requestFor(server.url, data, sha512), target.disk, testContext())).toMatchObject({
    verified: false,
  })
  const md5 = { digest: { algorithm: 'md5' as const, value: value('md5') } }
  await expect(writeImage(requestFor(server.url, data, md5), target.disk, testContext())).rejects.toThrow('not allowed')
  await writeImage(requestFor(server.url, data, { ...md5, allowMd5: true }), target.disk, testContext())
})

test('a wrong digest leaves nothing to boot at either end of the disk', async () => {
  const data = randomBytes(diskBytes)
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using target = await testDisk(diskBytes)
  const flipped = Buffer.from(data)
  flipped.writeUInt8(flipped.readUInt8(9 * MiB) ^ 1, 9 * MiB)
  await expect(writeImage(requestFor(server.url, flipped), target.disk, testContext())).rejects.toSatisfy((error) =>
    isFault(error, 'image_digest_mismatch'),
  )
  const content = await target.content()
  expect(isZero(content.subarray(0, MiB))).toBe(true)
  expect(isZero(content.subarray(diskBytes - MiB))).toBe(true)
})

test('a mirror whose image is another one is left for the next; the last one decides', async () => {
  const data = randomBytes(6 * MiB)
  const old = randomBytes(9 * MiB)
  await using stale = await fakeImageServer((request, socket) => serveImage(old, request, socket))
  await using good = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using target = await testDisk(diskBytes)
  const mirrors = [stale.url, good.url]
  const result = await writeImage(requestFor(mirrors, data), target.disk, testContext())
  expect(result).toMatchObject({ bytesWritten: data.length, bytesWasted: old.length, url: good.url })
  const content = await target.content()
  expect(content.subarray(0, data.length).equals(data)).toBe(true)
  expect(isZero(content.subarray(diskBytes - MiB))).toBe(true)
  const failure = writeImage(requestFor([stale.url, stale.url], data), target.disk, testContext())
  await expect(failure).rejects.toSatisfy((error) => isFault(error, 'image_digest_mismatch'))
  expect(isZero((await target.content()).subarray(0, MiB))).toBe(true)
})

test('what ends a download from the next mirror is told as it is, beside what the mirror before it had', async () => {
  const data = randomBytes(6 * MiB)
  await using stale = await fakeImageServer((request, socket) => serveImage(randomBytes(9 * MiB), request, socket))
  await using cut = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, { etag: '"v1"', cutAfter: request.from === undefined ? 2 * MiB : 0 }),
  )
  await using target = await testDisk(diskBytes)
  const failure = await writeImage(requestFor([stale.url, cut.url], data), target.disk, testContext()).catch(
    (error: unknown) => error,
  )
  expect(failure).toSatisfy((error) => isFault(error, 'image_truncated'))
  expect(String(failure)).toMatch(/closed the connection.*before that, the sha256 of .* is /)
})

test.each([
  ['too large', 200, diskBytes + 1, 'image_too_large'],
  ['empty', 200, 0, 'image_refused'],
  ['not there', 404, 5, 'image_refused'],
  ['not allowed', 403, 5, 'image_refused'],
])('an image that is %s is refused before the disk is touched', async (_name, status, length, code) => {
  await using server = await fakeImageServer((_request, socket) => {
    writeHead(socket, `${status} X`, { 'content-length': length })
    socket.end(Buffer.alloc(status === 200 ? length : 0))
  })
  await using target = await testDisk(diskBytes)
  const failure = await writeImage(requestFor(server.url, Buffer.from('x')), target.disk, testContext()).catch(
    (error: unknown) => error,
  )
  expect(isFault(failure) && failure.code).toBe(code)
  expect((await target.content()).every((byte) => byte === 0xa5)).toBe(true)
  expect(server.requests).toHaveLength(1)
})

test('a format that cannot be written, or is not the declared one, is refused before the disk is touched', async () => {
  const data = Buffer.concat([Buffer.from('KDMV', 'latin1'), randomBytes(5000)])
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using target = await testDisk(diskBytes)
  const write = (format: string | null) =>
    writeImage(requestFor(server.url, data, { format }), target.disk, testContext())
  for (const format of [null, 'raw', 'qcow2', 'vmdk']) await expect(write(format)).rejects.toThrow('VMDK')
  expect((await target.content()).every((byte) => byte === 0xa5)).toBe(true)
})

test('an image that turns out larger than the disk while it arrives is refused', async () => {
  const data = randomBytes(diskBytes + 5)
  await using server = await fakeImageServer((_request, socket) => {
    writeHead(socket, '200 OK')
    socket.end(data)
  })
  await using target = await testDisk(diskBytes)
  await expect(writeImage(requestFor(server.url, data), target.disk, testContext())).rejects.toSatisfy((error) =>
    isFault(error, 'image_too_large'),
  )
  expect(isZero((await target.content()).subarray(0, MiB))).toBe(true)
})

const wrapped = (disk: Disk, changes: Partial<Disk>): Disk => Object.assign(Object.create(disk) as Disk, changes)

test('a write that the device reports as done and loses is found by reading back', async () => {
  const data = randomBytes(20 * MiB)
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using target = await testDisk(diskBytes)
  const lying = wrapped(target.disk, {
    async write(buffer, offset) {
      const lost = 13 * MiB
      if (offset > lost || offset + buffer.length <= lost) return target.disk.write(buffer, offset)
      await target.disk.write(buffer.subarray(0, lost - offset), offset)
      await target.disk.write(buffer.subarray(lost - offset + 4096), lost + 4096)
    },
  })
  const failure = await writeImage(requestFor(server.url, data), lying, testContext()).catch((error: unknown) => error)
  expect(isFault(failure, 'disk_verify_failed') && failure.details).toMatchObject({ offset: 12 * MiB })
  expect(isZero((await target.content()).subarray(0, MiB))).toBe(true)
})

test.each([
  ['in the middle', (offset: number) => offset === 8 * MiB],
  ['at the boot block', (offset: number, bytes: Uint8Array) => offset === 0 && !isZero(bytes)],
])('a write error %s ends the write at once, without another download', async (_name, isBad) => {
  const data = randomBytes(20 * MiB)
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using target = await testDisk(diskBytes)
  const failing = wrapped(target.disk, {
    async write(buffer, offset) {
      if (isBad(offset, buffer)) throw Object.assign(new Error('i/o error'), { code: 'EIO' })
      await target.disk.write(buffer, offset)
    },
  })
  await expect(writeImage(requestFor(server.url, data), failing, testContext())).rejects.toThrow('i/o error')
  expect(server.requests).toHaveLength(1)
  expect(isZero((await target.content()).subarray(0, MiB))).toBe(true)
})

test('the boot block is the very last thing to be written, after everything else was flushed', async () => {
  const data = randomBytes(diskBytes)
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using target = await testDisk(diskBytes)
  const log: string[] = []
  const watched = wrapped(target.disk, {
    async write(buffer, offset) {
      log.push(isZero(buffer) ? `zero ${offset}` : `write ${offset}`)
      await target.disk.write(buffer, offset)
    },
    async flush() {
      log.push('flush')
      await target.disk.flush()
    },
  })
  await writeImage(requestFor(server.url, data), watched, testContext())
  expect(log.slice(0, 3)).toEqual(['zero 0', `zero ${diskBytes - MiB}`, 'flush'])
  expect(log.slice(-5)).toEqual(['flush', `write ${diskBytes - MiB}`, 'flush', 'write 0', 'flush'])
})

test('progress is reported while the server is silent, and an abort stops the write and erases the tables', async () => {
  const data = randomBytes(20 * MiB)
  await using server = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, { stallAfter: 9 * MiB }),
  )
  await using target = await testDisk(diskBytes)
  const abort = new AbortController()
  const context = testContext(abort.signal)
  const written = writeImage(
    requestFor(server.url, data, { limits: { ...quick, stallTimeoutMs: 10_000 } }),
    target.disk,
    {
      ...context,
      onProgress(progress) {
        context.onProgress(progress)
        if (context.reports.length === 4) abort.abort()
      },
    },
  )
  await expect(written).rejects.toSatisfy((error) => isFault(error, 'aborted'))
  const silent = context.reports.filter(({ bytes_received }) => bytes_received === 9 * MiB)
  expect(silent.length).toBeGreaterThanOrEqual(2)
  expect(silent[0]).toMatchObject({ phase: 'write', bytes_total: 20 * MiB })
  expect(isZero((await target.content()).subarray(0, MiB))).toBe(true)
})

test('a total time limit ends a write that goes on too long', async () => {
  const data = randomBytes(20 * MiB)
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket, { stallAfter: 5 }))
  await using target = await testDisk(diskBytes)
  const limits = { ...quick, stallTimeoutMs: 10_000, totalTimeoutMs: 150 }
  const late = writeImage(requestFor(server.url, data, { limits }), target.disk, testContext())
  await expect(late).rejects.toSatisfy((error) => isFault(error, 'timeout'))
})

test('the checksum may be the URL of a checksum file beside the image', async () => {
  const data = randomBytes(2 * MiB)
  await using server = await fakeImageServer((request, socket) => {
    const sums = Buffer.from(`# sums\n${'0'.repeat(64)}  other.raw\n${sha256(data)} *disk.raw\n`)
    serveImage(request.path === '/SUMS' ? sums : data, request, socket)
  })
  await using target = await testDisk(diskBytes)
  const write = (path: string) =>
    writeImage(requestFor(server.url, data, { digest: { url: `${server.origin}${path}` } }), target.disk, testContext())
  expect((await write('/SUMS')).digest).toEqual({ algorithm: 'sha256', value: sha256(data) })
  await expect(write('/disk.raw')).rejects.toSatisfy((error) => isFault(error, 'checksum_unavailable'))
})
