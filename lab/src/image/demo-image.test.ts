import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { demoImage, sha256Of } from './demo-image.ts'
import { readGpt } from './gpt.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-image-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const signal = new AbortController().signal
const sizeBytes = 16 << 20
const synthetic = (cacheDir = directory) => demoImage({ cacheDir, sizeBytes, kinds: ['synthetic'], signal })

test('the image of our own is a valid GPT disk that says what it is', async () => {
  const image = await synthetic()
  await using file = await open(image.path)
  const read = async (offset: number, length: number) =>
    (await file.read(Buffer.alloc(length), 0, length, offset)).buffer
  const front = await readGpt(read, 1)
  const back = await readGpt(read, front.other)
  expect(front.partitions.map(({ name }) => name)).toEqual(['esp', 'data'])
  expect(back.partitions).toEqual(front.partitions)
  expect(image.description).toContain('without an operating system')
  expect(await sha256Of(image.path)).toBe(image.sha256)
})

test('the same image comes out wherever it is made', async () => {
  const first = await synthetic(path.join(directory, 'one'))
  const second = await synthetic(path.join(directory, 'two'))
  expect(second.sha256).toBe(first.sha256)
})

test('an image in the cache is used again, a damaged one is made anew', async () => {
  const { path: file, sha256 } = await synthetic()
  await writeFile(`${file}.json`, (await readFile(`${file}.json`, 'utf8')).replace('valid', 'cached'))
  expect((await synthetic()).description).toContain('cached')
  await using opened = await open(file, 'r+')
  await opened.write(Buffer.from('damage'), 0, 6, 10 << 20)
  const again = await synthetic()
  expect(again.description).not.toContain('cached')
  expect(again.sha256).toBe(sha256)
  await truncate(file, 1000)
  expect((await synthetic()).bytes).toBe(sizeBytes)
})

test('where the Debian image cannot be made, the other one says why', async () => {
  await writeFile(path.join(directory, 'packages'), 'a file where the directory should be')
  const image = await demoImage({ cacheDir: directory, sizeBytes, signal })
  expect(image.kind).toBe('synthetic')
  expect(image.description).toMatch(/no Debian one: ./)
})
