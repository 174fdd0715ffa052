import { decodeCluster } from '@ferrite/agent/image/qcow2/decode-cluster'
import { handMade, piecesOf, rebuild } from '@ferrite/agent/image/qcow2/hand-made.fixture'
import type { Recipe } from '@ferrite/agent/image/qcow2/hand-made.fixture'
import type { Qcow2Layout } from '@ferrite/agent/image/qcow2/layout'
import { readLayout } from '@ferrite/agent/image/qcow2/read-layout'
import { isFault } from '@ferrite/shared/fault'
import { deflateRawSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { cases, minutes, runCases } from './cases.ts'
import { chance, mutate } from './mutate.ts'
import type { Target } from './mutate.ts'

const recipes: Recipe[] = [
  { clusterBits: 9, clusters: 'ddcz.dccczzd..cd' },
  { clusterBits: 9, clusters: 'cdcdcd.z', compression: 'zstd' },
  { clusterBits: 9, version: 2, clusters: 'ddc.c.dd' },
  { clusterBits: 12, clusters: 'cccccccc' },
  { clusterBits: 14, extendedL2: true, clusters: 'dsczs.' },
  { clusterBits: 9, clusters: 'dd', virtualSize: 700 },
]

const targets: Target[] = recipes.map((recipe) => {
  const { bytes, l1, l2 } = handMade(recipe)
  const entryBytes = recipe.extendedL2 ? 16 : 8
  const header = [
    { offset: 0, length: 112, width: 4 },
    { offset: 0, length: 112, width: 8 },
    { offset: 112, length: 64, width: 4 },
  ]
  const entries = { offset: l2, length: ((recipe.clusters ?? '').length + 2) * entryBytes, width: 8 }
  return { bytes, hot: [...header, { offset: l1, length: 32, width: 8 }, entries, entries, entries] }
})

const largestDisk = 1024 * 1024

test(
  'any change to a qcow2 image gives a sound layout or a Fault, in bounded time and memory',
  async () => {
    const outcomes = { accepted: 0, refused: 0 }
    const before = process.memoryUsage()
    const { slowestMs } = await runCases(cases, async (number) => {
      const dice = chance(number)
      const file = mutate(dice.pick(targets), dice)
      const layout = await layoutOrFault(file, dice.below(50) === 0 ? 2 ** 40 : file.length)
      outcomes[layout ? 'accepted' : 'refused'] += 1
      if (layout) checkLayout(layout)
      if (layout && layout.fileSize === file.length && layout.virtualSize <= largestDisk) mayRebuild(layout, file)
    })
    const after = process.memoryUsage()
    expect(outcomes.refused).toBeGreaterThan(cases / 10)
    expect(outcomes.accepted).toBeGreaterThan(cases / 20)
    expect(slowestMs).toBeLessThan(5000)
    expect(after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed).toBeLessThan(256 * 1024 * 1024)
  },
  minutes(1 + cases / 2000),
)

/** Reads beyond the bytes that there are give zeros, as when a server lies about the length. */
async function layoutOrFault(file: Uint8Array, fileSize: number): Promise<Qcow2Layout | undefined> {
  let total = 0
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    total += length
    if (offset < 0 || length < 0 || offset + length > fileSize || length > 33 * 1024 * 1024 || total > 2 ** 27) {
      throw new Error(`asked for ${length} bytes at ${offset} of ${fileSize}, ${total} in all`)
    }
    const part = new Uint8Array(length)
    part.set(file.subarray(Math.min(offset, file.length), offset + length))
    return part
  }
  try {
    return await readLayout({ read, fileSize, signal: new AbortController().signal })
  } catch (error) {
    if (!isFault(error, 'image_format_refused')) throw error
    return undefined
  }
}

/** No byte of the file has two uses, none is outside, and every byte of the disk has one source. */
function checkLayout(layout: Qcow2Layout): void {
  let end = 0
  let data = 0
  for (const extents = layout.fileExtents(); extents.next();) {
    const { hostOffset, length, guestOffset, guestLength, kind } = extents
    if (hostOffset < end || length < 1) throw new Error(`${kind} at ${hostOffset} overlaps what ends at ${end}`)
    end = hostOffset + length
    data += guestLength
    const onDisk = kind === 'metadata' || (guestOffset >= 0 && guestLength > 0 && guestOffset % layout.grain === 0)
    if (!onDisk || guestOffset + guestLength > layout.virtualSize) throw new Error(`${kind} beyond the disk`)
  }
  if (end > layout.fileSize) throw new Error('beyond the file')
  let zeros = 0
  let last = 0
  for (const extents = layout.zeroExtents(); extents.next();) {
    if (extents.guestOffset < last || extents.length < 1) throw new Error('zeros out of order')
    last = extents.guestOffset + extents.length
    zeros += extents.length
  }
  if (data + zeros !== layout.virtualSize) throw new Error(`${data} + ${zeros} is not ${layout.virtualSize}`)
}

/** A cluster that cannot be decoded is a Fault, too. */
function mayRebuild(layout: Qcow2Layout, file: Uint8Array): void {
  try {
    rebuild(layout, piecesOf(file, 1000))
  } catch (error) {
    if (!isFault(error, 'image_format_refused')) throw error
  }
}

test(
  'any change to a compressed cluster gives a whole cluster or a Fault',
  async () => {
    const plain = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * index) >>> 9))
    const seeds = [
      { kind: 'zlib', bytes: Buffer.from(deflateRawSync(plain)) },
      { kind: 'zstd', bytes: Buffer.from(zstdCompressSync(plain)) },
      { kind: 'zstd', bytes: Buffer.from(zstdCompressSync(Buffer.alloc(4096))) },
    ] as const
    const output = new Uint8Array(4096)
    const { slowestMs } = await runCases(cases, (number) => {
      const dice = chance(number)
      const { kind, bytes } = dice.pick(seeds)
      const padded = Buffer.concat([bytes, Buffer.alloc(64)])
      const hot = [
        { offset: 0, length: 24, width: 1 },
        { offset: 0, length: bytes.length, width: 1 },
      ]
      try {
        decodeCluster(kind, mutate({ bytes: padded, hot }, dice), output)
      } catch (error) {
        if (!isFault(error, 'image_format_refused')) throw error
      }
    })
    expect(slowestMs).toBeLessThan(5000)
  },
  minutes(1 + cases / 2000),
)
