import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test, vi } from 'vitest'
import { fakeImageServer, serveImage, writeHead } from '../fake-image-server.ts'
import { quick, sha256 } from '../write-image.fixture.ts'
import { fails, readAll } from './read-all.fixture.ts'
import { ThroughputGuard } from './throughput-guard.ts'

const data = randomBytes(3_000_017)
const etag = '"v1"'
const whole = { digest: sha256(data), totalBytes: data.length, bytesWasted: 0 }

test('twenty cut connections are resumed without a wasted byte', async () => {
  await using server = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, { etag, cutAfter: 150_000 }),
  )
  const result = await readAll({ urls: [server.url] })
  expect(result).toMatchObject({ ...whole, bytesReceived: data.length, resumes: 20 })
  expect(server.requests[1]?.headers.get('if-range')).toBe(etag)
})

test.each([0, 50, 99])('a server that stalls at %i percent is left and the download resumed', async (percent) => {
  const stallAfter = Math.floor((data.length * percent) / 100)
  await using server = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, { etag, ...(request.attempt === 1 ? { stallAfter } : {}) }),
  )
  expect(await readAll({ urls: [server.url] })).toMatchObject({ ...whole, bytesReceived: data.length, resumes: 1 })
})

test('a server that stays silent is given up after the allowed attempts', async () => {
  await using server = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, { etag, stallAfter: 1000 }),
  )
  const limits = { ...quick, maxFruitlessAttempts: 2, stallTimeoutMs: 60 }
  await using silent = await fakeImageServer(() => undefined)
  await expect(readAll({ urls: [silent.url], limits })).rejects.toSatisfy(fails('image_stalled'))
  expect(silent.requests).toHaveLength(3)
  void server
})

test('a server that drips is given up for its throughput, and the next mirror goes on', async () => {
  await using slow = await fakeImageServer((_request, socket) => {
    writeHead(socket, '200 OK', { 'content-length': data.length, etag })
    const timer = setInterval(() => socket.write('x'), 10)
    socket.on('close', () => clearInterval(timer))
  })
  const limits = { ...quick, minBytesPerSecond: 50_000, throughputWindowMs: 150 }
  await expect(readAll({ urls: [slow.url], limits })).rejects.toSatisfy(fails('image_stalled', 'less than'))
  await using good = await fakeImageServer((request, socket) => serveImage(data, request, socket, { etag: '"other"' }))
  const result = await readAll({ urls: [slow.url, good.url], limits })
  expect(result.digest).toBe(whole.digest)
  expect(result.bytesWasted).toBeGreaterThan(0)
})

test('the time that a server takes to answer counts once', async () => {
  await using server = await fakeImageServer((request, socket) => {
    setTimeout(() => serveImage(data, request, socket, { etag }), 150)
  })
  const waited = vi.spyOn(ThroughputGuard.prototype, 'waited')
  onTestFinished(() => waited.mockRestore())
  const started = performance.now()
  expect(await readAll({ urls: [server.url] })).toMatchObject(whole)
  const counted = waited.mock.calls.reduce((sum, [ms]) => sum + ms, 0)
  expect(counted).toBeGreaterThan(140)
  expect(counted).toBeLessThanOrEqual(performance.now() - started)
})

test('a body that ends before its length is resumed, and is a truncation when nothing more comes', async () => {
  await using server = await fakeImageServer((request, socket) =>
    request.from === undefined
      ? serveImage(data, request, socket, { etag, cutAfter: 2_000_000 })
      : writeHead(socket, '416 Range Not Satisfiable', { 'content-range': 'bytes */2000000', 'content-length': 0 }),
  )
  await expect(readAll({ urls: [server.url] })).rejects.toSatisfy(fails('image_truncated', 'byte 2000000 of 3000017'))
  await using mute = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, { etag, cutAfter: request.from === undefined ? 2_000_000 : 0 }),
  )
  await expect(readAll({ urls: [mute.url] })).rejects.toSatisfy(fails('image_truncated'))
  expect(mute.requests).toHaveLength(1 + quick.maxFruitlessAttempts)
})

test('without an ETag a cut download begins again from zero, counted as wasted, and is given up in the end', async () => {
  await using server = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, request.attempt === 1 ? { cutAfter: 1_000_000 } : {}),
  )
  expect(await readAll({ urls: [server.url] })).toMatchObject({ ...whole, bytesWasted: 1_000_000 })
  expect(server.requests[1]?.from).toBeUndefined()
  await using hopeless = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, { cutAfter: 1_000_000 }),
  )
  await expect(readAll({ urls: [hopeless.url] })).rejects.toSatisfy(fails('image_truncated'))
  const patient = { urls: [hopeless.url], limits: { ...quick, maxFruitlessAttempts: 20 } }
  await expect(readAll(patient)).rejects.toThrow(/closed the connection.*was tried 5 times from its beginning/)
})

const resumesWith = async (headers: Record<string, string>) => {
  await using server = await fakeImageServer((request, socket) => {
    const cut = request.attempt === 1 ? { cutAfter: 1_000_000 } : {}
    const start = request.from ?? 0
    if (start === 0) return serveImage(data, request, socket, { headers, ...cut })
    const range = { 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` }
    writeHead(socket, '206 Partial Content', { ...headers, ...range, 'content-length': data.length - start })
    socket.end(data.subarray(start))
  })
  expect((await readAll({ urls: [server.url] })).digest).toBe(whole.digest)
  return server.requests[1]?.headers.get('if-range')
}

test('an old Last-Modified stands in for a missing ETag, a fresh or weak validator does not', async () => {
  const dated = { 'last-modified': 'Mon, 02 Nov 2026 10:00:00 GMT', date: 'Mon, 23 Nov 2026 10:00:00 GMT' }
  expect(await resumesWith(dated)).toBe(dated['last-modified'])
  expect(await resumesWith({ ...dated, date: dated['last-modified'] })).toBeUndefined()
  expect(await resumesWith({ etag: 'W/"v1"' })).toBeUndefined()
})

test('a server that lets go after every few bytes is asked ever more slowly, and given up for its throughput', async () => {
  await using server = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, { etag, cutAfter: 10 }),
  )
  const limits = { ...quick, retryPauseMs: 1000, minBytesPerSecond: 50_000, throughputWindowMs: 500 }
  await expect(readAll({ urls: [server.url], limits })).rejects.toSatisfy(fails('image_stalled', 'less than'))
  expect(server.requests.length).toBeLessThan(40)
})

test('a server that refuses the whole image as a range says so itself, and one that cannot resume is told of', async () => {
  await using refusing = await fakeImageServer((_request, socket) =>
    writeHead(socket, '416 Range Not Satisfiable', { 'content-length': 0 }),
  )
  await expect(readAll({ urls: [refusing.url] })).rejects.toSatisfy(fails('image_refused', 'answered 416'))
  await using weak = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, { headers: { etag: 'W/"v1"' }, cutAfter: 1_000_000 }),
  )
  await expect(readAll({ urls: [weak.url] })).rejects.toThrow(/disk.raw closed the connection.*no strong ETag/)
})

test('an image that changes during the download begins again, but not for ever', async () => {
  await using once = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, request.attempt === 1 ? { etag: '"old"', cutAfter: 999 } : { etag }),
  )
  expect(await readAll({ urls: [once.url] })).toMatchObject({ ...whole, bytesWasted: 999 })
  await using always = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, { etag: `"${request.attempt}"`, cutAfter: request.attempt * 100_000 }),
  )
  await expect(readAll({ urls: [always.url] })).rejects.toSatisfy(fails('image_changed'))
})

test('a 200 to a range request begins again; a wrong range is refused', async () => {
  await using whole200 = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, {
      etag,
      ignoreRange: true,
      ...(request.attempt === 1 ? { cutAfter: 5000 } : {}),
    }),
  )
  expect(await readAll({ urls: [whole200.url] })).toMatchObject({ ...whole, bytesWasted: 5000 })
  for (const range of ['bytes 0-10/3000017', 'bytes 5000-3000016/9999999', 'bytes 5000-4999/3000017', 'pages 1-2/3']) {
    await using wrong = await fakeImageServer((request, socket) => {
      if (request.attempt === 1) return serveImage(data, request, socket, { etag, cutAfter: 5000 })
      writeHead(socket, '206 Partial Content', { 'content-range': range, etag })
      socket.end(data.subarray(5000))
    })
    await expect(readAll({ urls: [wrong.url] })).rejects.toSatisfy(fails('image_refused'))
    expect(wrong.requests).toHaveLength(2)
  }
})
