import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import type { ImageFaults } from './faults.ts'
import { openImages } from './images.ts'

const content = randomBytes(600_000)

async function served(faults: ImageFaults = {}) {
  const images = await openImages()
  onTestFinished(() => images[Symbol.asyncDispose]())
  const image = await images.add('an image', content)
  images.fault('an image', faults)
  const get = (headers: Record<string, string> = {}, signal = AbortSignal.timeout(5_000)) =>
    fetch(image.url, { headers, signal })
  return { images, image, get }
}

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())

test('an image comes whole, in part, and not at all', async () => {
  const { get, image } = await served()
  const whole = await get()
  expect(whole.headers.get('content-length')).toBe('600000')
  expect((await bytesOf(whole)).equals(content)).toBe(true)
  const part = await get({ range: 'bytes=500000-', 'if-range': whole.headers.get('etag') ?? '' })
  expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 500000-599999/600000'])
  expect((await bytesOf(part)).equals(content.subarray(500_000))).toBe(true)
  expect((await get({ range: 'bytes=0-', 'if-range': '"other"' })).status).toBe(200)
  expect((await get({ range: 'bytes=600000-' })).status).toBe(416)
  expect((await fetch(`${image.url}x`)).status).toBe(404)
})

test('one flipped byte is the only difference', async () => {
  const { get } = await served({ flipByte: 400_000 })
  const got = await bytesOf(await get())
  const differing = [...got.keys()].filter((i) => got[i] !== content[i])
  expect(differing).toEqual([400_000])
})

test.each([{ truncateAt: 300_000 }, { truncateAt: 300_000, chunked: true }])(
  '%j ends in the middle',
  async (faults) => {
    const { get } = await served(faults)
    await expect(bytesOf(await get())).rejects.toThrow(/terminated/)
  },
)

test('a stall lasts until it is given up, and happens as often as it was told to', async () => {
  const { get } = await served({ stallAt: 300_000, stalls: 1 })
  await expect(get({}, AbortSignal.timeout(300)).then(bytesOf)).rejects.toThrow(/timeout/)
  expect((await bytesOf(await get())).equals(content)).toBe(true)
})

test('status, redirect, ignored ranges, a shorter image and changing tags are as told', async () => {
  const { images, get } = await served({ status: 503 })
  expect((await get()).status).toBe(503)
  images.fault('an image', { redirectTo: '/elsewhere' })
  expect((await get()).status).toBe(404)
  images.fault('an image', { ignoreRange: true })
  expect((await get({ range: 'bytes=5-' })).status).toBe(200)
  images.fault('an image', { shortenTo: 1000 })
  expect(await bytesOf(await get())).toHaveLength(1000)
  images.fault('an image', { changingEtag: true })
  expect((await get()).headers.get('etag')).not.toBe((await get()).headers.get('etag'))
})
