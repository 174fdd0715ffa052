import { expect, test } from 'vitest'
import { openFilter } from './filter.ts'

test('a program that is not installed is named', async () => {
  await using filter = openFilter('no-such-unpacker', [])
  void filter.feed(Buffer.from('x'), true)
  await expect(filter.read(new Uint8Array(10))).rejects.toThrow('no-such-unpacker is not installed')
})

test('what a program says and how it ends are told', async () => {
  await using filter = openFilter('xz', ['-dc'])
  await filter.feed(Buffer.from('this is no xz at all'), true)
  expect(await filter.read(new Uint8Array(10))).toBe(0)
  expect(await filter.ended()).toMatchObject({ code: 1, stderr: expect.stringContaining('format not recognized') })
})

test('a program that still works is ended with its filter', async () => {
  const filter = openFilter('cat', [])
  await filter.feed(Buffer.alloc(10), false)
  expect(await filter.read(new Uint8Array(4))).toBe(4)
  await filter[Symbol.asyncDispose]()
  expect((await filter.ended()).code).toBe(128)
})
