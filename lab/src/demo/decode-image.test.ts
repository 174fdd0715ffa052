import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MiB } from '@ferrite/shared/units'
import { decodeImage, encodedFormatOf } from './decode-image.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ferrite-decode-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const content = Buffer.alloc(MiB, 'a disk')
const signal = new AbortController().signal

const isThere = (name: string): boolean => spawnSync(name, ['--version']).error === undefined

const tool = (name: string, args: string[], input?: Buffer): Buffer => execFileSync(name, args, { input })
const piped = (name: string): Buffer => tool(name, ['-c'], content)

/** Ways to pack a file, with the program that each needs. */
const packers = [
  ['gzip', undefined, (file: string) => writeFile(file, gzipSync(content))],
  ['zstd', undefined, (file: string) => writeFile(file, zstdCompressSync(content))],
  ['xz', 'xz', (file: string) => writeFile(file, piped('xz'))],
  ['bzip2', 'bzip2', (file: string) => writeFile(file, piped('bzip2'))],
  [
    'qcow2',
    'qemu-img',
    async (file: string) => {
      await writeFile(`${file}.raw`, content)
      tool('qemu-img', ['convert', '-O', 'qcow2', `${file}.raw`, file])
    },
  ],
] as const

test.each(packers)('%s is recognised and decoded to what was packed', async (format, program, pack) => {
  if (program && !isThere(program)) return
  const file = path.join(dir, 'image')
  await pack(file)
  expect(await encodedFormatOf(file)).toBe(format)
  const decoded = await decodeImage({ file, format }, dir, signal)
  expect(decoded.bytes).toBe(content.length)
  expect((await readFile(decoded.path)).equals(content)).toBe(true)
})

test('a raw image is none that has to be decoded, and a broken one is told', async () => {
  const file = path.join(dir, 'image')
  await writeFile(file, content)
  expect(await encodedFormatOf(file)).toBeUndefined()
  if (!isThere('xz')) return
  await expect(decodeImage({ file, format: 'xz' }, dir, signal)).rejects.toThrow(/xz cannot decode the image: .+/)
})
