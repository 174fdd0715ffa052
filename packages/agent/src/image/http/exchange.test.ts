import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import { fakeImageServer, serveImage, writeHead } from '../fake-image-server.ts'
import { sha256 } from '../write-image.fixture.ts'
import { fails, readAll } from './read-all.fixture.ts'

const data = randomBytes(3_000_017)
const etag = '"v1"'
const whole = { digest: sha256(data), totalBytes: data.length, bytesWasted: 0 }

const chunks = (from: number, to: number) => {
  const parts: Buffer[] = []
  for (let at = from; at < to; at += 65_537) {
    const part = data.subarray(at, Math.min(to, at + 65_537))
    parts.push(Buffer.from(`${part.length.toString(16)};x=1\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat(parts)
}

test('chunked bodies arrive whole, a cut one is resumed, a malformed one refused', async () => {
  const head = { 'transfer-encoding': 'chunked', etag }
  await using server = await fakeImageServer((request, socket) => {
    const start = request.from ?? 0
    if (start === 0) {
      writeHead(socket, '200 OK', head)
      socket.end(chunks(0, 1_000_000))
      return
    }
    writeHead(socket, '206 Partial', { ...head, 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` })
    socket.end(Buffer.concat([chunks(start, data.length), Buffer.from('0\r\ntrailer: 1\r\n\r\n')]))
  })
  expect(await readAll({ urls: [server.url] })).toMatchObject({ digest: whole.digest, bytesWasted: 0, resumes: 1 })
  for (const body of ['zz\r\nabc', '3\r\nabcdef\r\n0\r\n\r\n', '1'.repeat(5000)]) {
    await using broken = await fakeImageServer((_request, socket) => {
      writeHead(socket, '200 OK', { 'transfer-encoding': 'chunked' })
      socket.end(body)
    })
    await expect(readAll({ urls: [broken.url] })).rejects.toSatisfy((error) => isFault(error))
  }
})

test('a body that ends with the connection is taken as it is: the digest has to decide', async () => {
  await using server = await fakeImageServer((_request, socket) => {
    writeHead(socket, '200 OK')
    socket.end(data.subarray(0, 1_000_000))
  })
  const result = await readAll({ urls: [server.url] })
  expect(result).toMatchObject({ totalBytes: null, digest: sha256(data.subarray(0, 1_000_000)) })
})

test.each([
  ['a content encoding nobody asked for', { 'content-encoding': 'gzip' }, 'content encoding'],
  ['a length that is none', { 'content-length': 'many' }, 'content length'],
  ['a length and chunks', { 'content-length': 5, 'transfer-encoding': 'chunked' }, 'both'],
  ['an unknown transfer encoding', { 'transfer-encoding': 'gzip, chunked' }, 'transfer encoding'],
])('%s is refused at once', async (_name, headers, text) => {
  await using server = await fakeImageServer((_request, socket) => {
    writeHead(socket, '200 OK', headers)
    socket.end(gzipSync(Buffer.alloc(1_000_000)))
  })
  await expect(readAll({ urls: [server.url] })).rejects.toSatisfy(fails('image_refused', text))
  expect(server.requests).toHaveLength(1)
})

test.each([
  ['garbage', 'not http at all\r\n\r\n'],
  ['endless headers', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}`],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n'],
  ['a folded header', 'HTTP/1.1 200 OK\r\nx: y\r\n folded\r\n\r\n'],
])('a head that is %s is refused', async (_name, text) => {
  await using server = await fakeImageServer((_request, socket) => socket.end(text))
  await expect(readAll({ urls: [server.url] })).rejects.toSatisfy(fails('image_refused'))
})

test('an interim answer is skipped and a head may come in single bytes', async () => {
  await using server = await fakeImageServer((_request, socket) => {
    const text = `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.0 200 OK\nContent-Length: ${data.length}\n\n`
    socket.setNoDelay(true)
    for (const char of text) socket.write(char)
    socket.end(data)
  })
  expect(await readAll({ urls: [server.url] })).toMatchObject(whole)
})

test('503 is asked again until it passes, 401 in the middle is not', async () => {
  await using busy = await fakeImageServer((request, socket) => {
    if (request.attempt > 2) return serveImage(data, request, socket, { etag })
    writeHead(socket, '503 Busy', { 'content-length': 0 })
    socket.end()
  })
  expect(await readAll({ urls: [busy.url] })).toMatchObject(whole)
  await using locked = await fakeImageServer((request, socket) => {
    if (request.attempt === 1) return serveImage(data, request, socket, { etag, cutAfter: 5000 })
    writeHead(socket, '401 Unauthorized', { 'content-length': 0 })
    socket.end()
  })
  await expect(readAll({ urls: [locked.url] })).rejects.toSatisfy(fails('image_refused', '401'))
  expect(locked.requests).toHaveLength(2)
})

test('mirrors are tried in order: one is gone, one says 404, the third has the image', async () => {
  await using gone = await fakeImageServer(() => undefined)
  await gone[Symbol.asyncDispose]()
  await using missing = await fakeImageServer((_request, socket) => {
    writeHead(socket, '404 Not Found')
    socket.end()
  })
  await using good = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  expect(await readAll({ urls: [gone.url, missing.url, good.url] })).toMatchObject(whole)
  expect(missing.requests).toHaveLength(1)
})

test('redirects are followed, five at most, and a credential stays at its origin', async () => {
  await using target = await fakeImageServer((request, socket) => serveImage(data, request, socket))
  await using first = await fakeImageServer((request, socket) => {
    const hop = Number(request.path.slice(1))
    writeHead(socket, '302 Found', { location: hop < 4 ? `/${hop + 1}` : target.url, 'content-length': 0 })
    socket.end()
  })
  const authorization = new Secret('Bearer canary')
  expect(await readAll({ urls: [`${first.origin}/0`], authorization })).toMatchObject(whole)
  expect(first.requests.every(({ headers }) => headers.get('authorization') === 'Bearer canary')).toBe(true)
  expect(target.requests[0]?.headers.has('authorization')).toBe(false)
  await using loop = await fakeImageServer((_request, socket) => {
    writeHead(socket, '301 Moved', { location: '/again' })
    socket.end()
  })
  await expect(readAll({ urls: [loop.url] })).rejects.toSatisfy(fails('image_refused', 'redirects'))
  expect(loop.requests).toHaveLength(6)
})

test.each(['ftp://127.0.0.1/x', 'file:///etc/passwd', 'http://[bad/'])(
  'a redirect to %s is refused',
  async (location) => {
    await using server = await fakeImageServer((_request, socket) => {
      writeHead(socket, '302 Found', { location })
      socket.end()
    })
    await expect(readAll({ urls: [server.url] })).rejects.toSatisfy(fails('image_refused', 'redirects to'))
  },
)

test('https: an unknown certificate is refused, a trusted one works, plain http after it is not allowed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ferrite-tls-'))
  try {
    const [keyFile, certFile] = [join(directory, 'key'), join(directory, 'cert')]
    const subject = ['-subj', '/CN=images', '-addext', 'subjectAltName=IP:127.0.0.1']
    const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
    execFileSync('openssl', [...kind, '-keyout', keyFile, '-out', certFile, ...subject], { stdio: 'ignore' })
    const tls = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
    await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket, { etag }), tls)
    await expect(readAll({ urls: [server.url] })).rejects.toSatisfy(fails('image_refused', 'certificate'))
    expect(await readAll({ urls: [server.url], tls: { ca: tls.cert } })).toMatchObject(whole)
    expect(await readAll({ urls: [server.url], tls: { insecure: true } }, 4 << 20)).toMatchObject(whole)
    await using plain = await fakeImageServer((request, socket) => serveImage(data, request, socket))
    await using down = await fakeImageServer((_request, socket) => {
      writeHead(socket, '302 Found', { location: plain.url })
      socket.end()
    }, tls)
    await expect(readAll({ urls: [down.url], tls: { ca: tls.cert } })).rejects.toSatisfy(
      fails('image_refused', 'plain'),
    )
    expect(plain.requests).toHaveLength(0)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a user part with an escape that is none goes out as it is', async () => {
  await using server = await fakeImageServer((request, socket) => serveImage(data, request, socket, { etag }))
  await readAll({ urls: [server.url.replace('http://', 'http://anna:50%off@')] })
  expect(server.requests[0]?.headers.get('authorization')).toBe(`Basic ${btoa('anna:50%off')}`)
})

test('user and password of a URL become a header and never part of a message', async () => {
  await using server = await fakeImageServer((_request, socket) => {
    writeHead(socket, '403 Forbidden')
    socket.end()
  })
  const url = server.url.replace('http://', 'http://anna:canary@').concat('?signature=canary')
  await expect(readAll({ urls: [url] })).rejects.toSatisfy(
    (error) => error instanceof Error && !error.message.includes('canary') && error.message.includes('403'),
  )
  expect(server.requests[0]?.headers.get('authorization')).toBe(`Basic ${btoa('anna:canary')}`)
  expect(server.requests[0]?.path).toBe('/disk.raw?signature=canary')
})
