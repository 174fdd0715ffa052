import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { ZlibEngine } from './zlib-engine.ts'

const frame = zstdCompressSync(Buffer.from('a frame '.repeat(20)))
const skippable = Buffer.from('5a2a4d1803000000616263', 'hex')
const output = new Uint8Array(4096)

/** Decodes the pieces one after another; resolves to how much came out. */
function decode(pieces: readonly Buffer[]): number {
  using engine = new ZlibEngine('zstd')
  let produced = 0
  for (const piece of pieces) {
    const step = engine.step(piece, output)
    expect(step.consumed).toBe(piece.length)
    produced += step.produced
  }
  return produced + engine.finish(output).produced
}

test('frames of zstd are decoded wherever the pieces of their bytes begin', () => {
  const all = Buffer.concat([frame, skippable, frame, skippable, skippable, frame])
  for (let at = 1; at < all.length - 3; at += 1) {
    expect(decode([all.subarray(0, at), all.subarray(at, at + 2), all.subarray(at + 2)])).toBe(3 * 160)
  }
})

test.each([1, 2, 3, 4, 5, 9])('%i bytes of another zstd frame after the end are not overlooked', (count) => {
  expect(() => decode([frame, frame.subarray(0, count)])).toThrow(/end of file|another frame/)
  expect(() => decode([frame, skippable.subarray(0, count)])).toThrow(/end of file|another frame/)
})
