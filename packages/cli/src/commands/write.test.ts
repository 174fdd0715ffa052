import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeImageServer, serveImage } from '@ferrite/agent/image/fake-image-server'
import type { FakeImageServer } from '@ferrite/agent/image/fake-image-server'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const data = randomBytes(5 * 1024 * 1024 + 99)
const sum = createHash('sha256').update(data).digest('hex')
let directory: string
let server: FakeImageServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ferrite-cli-'))
  server = await fakeImageServer((request, socket) =>
    serveImage(data, request, socket, request.path === '/slow' ? { stallAfter: 100_000 } : {}),
  )
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

function ferrite(args: readonly string[], onOutput?: (kill: () => void) => void) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, [main, 'write', ...args])
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      if (!stdout.includes('"write"')) return
      onOutput?.(() => child.kill('SIGINT'))
      onOutput = undefined
    })
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

test('a file that does not exist is made as large as the image, and the last line of JSON is the result', async () => {
  const disk = join(directory, 'new.img')
  const { code, stdout } = await ferrite(['--url', server.url, '--checksum', `sha256:${sum}`, '--disk', disk, '--json'])
  expect(code).toBe(0)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines[0]).toMatchObject({ type: 'progress', phase: 'connect' })
  expect(lines.at(-1)).toMatchObject({ type: 'result', ok: true, bytesWritten: data.length, verified: true })
  expect((await readFile(disk)).subarray(0, data.length).equals(data)).toBe(true)
  expect((await stat(disk)).size % 4096).toBe(0)
})

test('a wrong checksum is one sentence and exit code 1', async () => {
  const disk = join(directory, 'wrong.img')
  const { code, stderr } = await ferrite([
    '--url',
    server.url,
    '--checksum',
    `sha256:${'0'.repeat(64)}`,
    '--disk',
    disk,
    '--size',
    '8M',
  ])
  expect(code).toBe(1)
  expect(stderr.trim().split('\n').at(-1)).toMatch(/^ferrite: the sha256 of .* was expected$/)
  expect((await readFile(disk)).subarray(0, 1024 * 1024).every((byte) => byte === 0)).toBe(true)
})

test.each([
  ['a checksum of the wrong length', ['--checksum', 'sha256:abc']],
  ['an unknown algorithm', ['--checksum', `crc32:${sum}`]],
  ['no checksum', []],
  ['a URL that is none', ['--checksum', sum, '--url', 'disk.raw']],
])('%s is wrong usage, exit code 2', async (_name, args) => {
  const { code, stderr } = await ferrite(['--url', server.url, ...args, '--disk', join(directory, 'unused.img')])
  expect(code).toBe(2)
  expect(stderr).not.toBe('')
})

test('an interrupted write ends with 130 and says so', async () => {
  const disk = join(directory, 'slow.img')
  const args = ['--url', `${server.origin}/slow`, '--checksum', sum, '--disk', disk, '--size', '8M', '--json']
  const { code, stdout } = await ferrite(args, (kill) => kill())
  expect(code).toBe(130)
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ ok: false, error: { code: 'aborted' } })
})
