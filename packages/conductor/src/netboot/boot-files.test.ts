import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { explain } from '@ferrite/shared/fault'
import { openBootFiles, type BootFiles } from './boot-files.ts'

let directory: string
let server: Server
let base: string
let files: BootFiles
let asked: string[]
const contents = new Map<string, { body: Buffer; etag?: string; cutAt?: number }>()
const { signal } = new AbortController()

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-boot-'))
  asked = []
  contents.clear()
  server = createServer((request, response) => {
    const found = contents.get(request.url ?? '')
    asked.push(`${request.url} ${request.headers['if-none-match'] ?? ''}`.trim())
    if (!found) return void response.writeHead(404).end()
    if (found.etag && request.headers['if-none-match'] === found.etag) return void response.writeHead(304).end()
    response.writeHead(200, { 'content-length': found.body.length, ...(found.etag ? { etag: found.etag } : {}) })
    if (found.cutAt === undefined) return void response.end(found.body)
    response.write(found.body.subarray(0, found.cutAt))
    setTimeout(() => response.destroy(), 20)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await mkdir(path.join(directory, 'allowed'))
  files = await openBootFiles({
    directory: path.join(directory, 'cache'),
    allowedPaths: [path.join(directory, 'allowed')],
  })
})
afterEach(async () => {
  server.close()
  await rm(directory, { recursive: true })
})

/** An x86 kernel as far as its header tells. */
function kernel(bits: 32 | 64 = 64): Buffer {
  const image = Buffer.alloc(8192, 7)
  image.write('HdrS', 0x202, 'latin1')
  image.writeUInt16LE(bits === 64 ? 1 : 0, 0x236)
  return image
}

/** A ramdisk with one program in it, for the machine with this ELF number. */
function ramdisk(machine = 62, pack: (plain: Buffer) => Buffer = (plain) => zstdCompressSync(plain)): Buffer {
  const program = Buffer.alloc(64)
  program.write('\x7fELF\x02\x01', 0, 'latin1')
  program.writeUInt16LE(machine, 18)
  return pack(Buffer.concat([Buffer.alloc(112), program, Buffer.alloc(100_000, 'x')]))
}

const refusal = (source: string, kind: 'kernel' | 'ramdisk') =>
  files.bring(source, kind, signal).then(() => 'taken', explain)

test('kernel and ramdisk are kept by their digest, and known for the processor they are for', async () => {
  contents.set('/k', { body: kernel() })
  contents.set('/r', { body: ramdisk() })
  const found = await files.bring(`${base}/k`, 'kernel', signal)
  expect(found).toMatchObject({
    digest: createHash('sha256').update(kernel()).digest('hex'),
    size: 8192,
    arch: 'x86_64',
  })
  expect(await readFile(found.path)).toEqual(kernel())
  expect(await files.bring(`${base}/r`, 'ramdisk', signal)).toMatchObject({ arch: 'x86_64' })
})

test('what has not changed is not fetched again, and what has changed is', async () => {
  contents.set('/k', { body: kernel(), etag: '"a"' })
  const first = await files.bring(`${base}/k`, 'kernel', signal)
  expect(await files.bring(`${base}/k`, 'kernel', signal)).toEqual(first)
  contents.set('/k', { body: kernel(32), etag: '"b"' })
  expect(await files.bring(`${base}/k`, 'kernel', signal)).toMatchObject({ arch: 'i686' })
  expect(asked).toEqual(['/k', '/k "a"', '/k "a"'])
})

test('a kernel that is missing is told with the server’s answer', async () => {
  expect(await refusal(`${base}/none`, 'kernel')).toContain('answered 404')
})

test('a download that breaks off leaves nothing behind', async () => {
  contents.set('/r', { body: ramdisk(), cutAt: 30 })
  expect(await refusal(`${base}/r`, 'ramdisk')).toContain('cannot get the ramdisk')
  expect(await readdir(path.join(directory, 'cache'))).toEqual([])
})

test.each([
  ['zstd', (plain: Buffer) => zstdCompressSync(plain)],
  ['gzip', (plain: Buffer) => gzipSync(plain)],
])('a %s ramdisk that was cut off at its source is found before a machine boots it', async (_name, pack) => {
  const whole = ramdisk(62, pack)
  contents.set('/r', { body: whole.subarray(0, whole.length - 9) })
  expect(await refusal(`${base}/r`, 'ramdisk')).toContain('cut off')
})

test('microcode before the ramdisk proper is stepped over', async () => {
  const header = (name: string, size: number) =>
    `070701${'00000001'.repeat(6)}${size.toString(16).padStart(8, '0')}${'00000000'.repeat(4)}${(name.length + 1).toString(16).padStart(8, '0')}00000000${name}\0`
  const member = (name: string, body: string) => {
    const head = header(name, body.length)
    return head.padEnd(Math.ceil(head.length / 4) * 4, '\0') + body.padEnd(Math.ceil(body.length / 4) * 4, '\0')
  }
  const microcode = Buffer.from(
    member('kernel/x86', 'microcode') + member('TRAILER!!!', '') + '\0'.repeat(100),
    'latin1',
  )
  contents.set('/r', { body: Buffer.concat([microcode, ramdisk(183)]) })
  expect(await files.bring(`${base}/r`, 'ramdisk', signal)).toMatchObject({ arch: 'aarch64' })
})

test('what is no ramdisk is refused', async () => {
  contents.set('/r', { body: Buffer.from('<html>not here</html>') })
  expect(await refusal(`${base}/r`, 'ramdisk')).toContain('no archive')
})

test('files come from the allowed directories only, wherever links lead', async () => {
  const inside = path.join(directory, 'allowed', 'k')
  await writeFile(inside, kernel())
  await writeFile(path.join(directory, 'outside'), kernel())
  await symlink(path.join(directory, 'outside'), path.join(directory, 'allowed', 'link'))
  expect(await refusal(`file://${inside}`, 'kernel')).toBe('taken')
  for (const bad of ['outside', 'allowed/link', 'allowed/../outside', 'allowed/%2e%2e/outside']) {
    expect(await refusal(`file://${directory}/${bad}`, 'kernel')).toContain('in no directory')
  }
})

test('two machines that need the same file at once fetch it once', async () => {
  contents.set('/k', { body: kernel() })
  await Promise.all([1, 2, 3].map(() => files.bring(`${base}/k`, 'kernel', signal)))
  expect(asked).toHaveLength(1)
})

test('a server that leads elsewhere is not followed', async () => {
  server.removeAllListeners('request')
  server.on('request', (_request, response) => response.writeHead(302, { location: 'http://127.0.0.2:1/k' }).end())
  expect(await refusal(`${base}/k`, 'kernel')).toContain('leads to another server')
})
