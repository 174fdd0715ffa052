import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openImages } from '../images.ts'
import { fetchMedium } from './medium.ts'

async function bench() {
  const directory = await mkdtemp(path.join(tmpdir(), 'fl-'))
  const images = await openImages()
  onTestFinished(async () => {
    await images[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })
  const content = randomBytes((17 << 20) + 5)
  const { url } = await images.add('medium.iso', content)
  const file = path.join(directory, 'medium')
  return { directory, images, content, file, fetch: () => fetchMedium(url, file, AbortSignal.timeout(20_000)) }
}

test('a medium is fetched in pieces by Range, and is whole', async () => {
  const { images, content, file, fetch } = await bench()
  await fetch()
  expect(images.requests.map(({ range }) => range)).toEqual(['bytes=0-16777215', 'bytes=16777216-33554431'])
  expect((await readFile(file)).equals(content)).toBe(true)
})

test('a server that knows no Range sends it whole', async () => {
  const { images, content, file, fetch } = await bench()
  images.fault('medium.iso', { ignoreRange: true })
  await fetch()
  expect((await readFile(file)).equals(content)).toBe(true)
})

test('a medium that is not there is refused, and nothing of it stays', async () => {
  const { directory, images, fetch } = await bench()
  images.fault('medium.iso', { status: 404 })
  await expect(fetch()).rejects.toThrow(/answered 404/)
  images.fault('medium.iso', { truncateAt: 1000 })
  await expect(fetch()).rejects.toThrow(/closed|terminated|aborted|ends after/i)
  expect(await readdir(directory)).toEqual([])
})
