import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { layoutOf, piecesOf, rebuild } from './hand-made.fixture.ts'
import type { Qcow2Layout } from './layout.ts'
import { converted, hasQemuImg, runQemuImg, runQemuIo } from './qemu-img.fixture.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'ferrite-qcow2-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string): string => path.join(folder, name)

/** A little more than 2 MiB, the largest cluster: text, noise, zeros, in stretches of no even length. */
const source = Buffer.alloc(2 * 1024 * 1024 + 77 * 512)
for (let at = 0, seed = 7; at < source.length; seed = (seed * 48_271) % 0x7fff_ffff) {
  const length = 300 + (seed % 90_000)
  const end = Math.min(source.length, at + length)
  if (seed % 3 === 0) source.fill(`text ${seed} `, at, end)
  if (seed % 3 === 1) for (let i = at; i < end; i += 1) source[i] = (i * seed) >>> 11
  at = end
}

const sizes = Array.from({ length: 13 }, (_, index) => 512 * 2 ** index)
const flavours: [name: string, smallest: number, options: string, compress: boolean][] = [
  ['version 2', 512, 'compat=0.10', false],
  ['version 2, compressed', 512, 'compat=0.10', true],
  ['version 3', 512, 'compat=1.1', false],
  ['zlib', 512, 'compat=1.1', true],
  ['zstd', 512, 'compat=1.1,compression_type=zstd', true],
  ['extended L2', 16_384, 'extended_l2=on', false],
  ['extended L2, zstd', 16_384, 'extended_l2=on,compression_type=zstd', true],
]

describe.skipIf(!hasQemuImg)('as qemu-img reads it', () => {
  test.each(flavours)('every cluster size: %s', async (name, smallest, options, compress) => {
    for (const size of sizes.filter((size) => size >= smallest)) {
      const disk = size < 8192 ? source.subarray(0, 900 * 512) : source
      writeFileSync(file('source'), disk)
      const image = file(`${name}-${size}`)
      const flags = ['-f', 'raw', '-O', 'qcow2', ...(compress ? ['-c'] : []), '-o', `${options},cluster_size=${size}`]
      runQemuImg('convert', ...flags, file('source'), image)
      const layout = await agrees(image, disk)
      expect(layout.clusterSize).toBe(size)
      rmSync(image)
    }
  })

  const created: [name: string, create: string[], io: string[]][] = [
    ['empty', [], []],
    ['preallocated metadata', ['-o', 'preallocation=metadata'], ['write -P 3 1M 70k']],
    ['preallocated full', ['-o', 'preallocation=full'], ['write -P 3 1M 70k']],
    ['preallocated by fallocate', ['-o', 'preallocation=falloc'], ['write -P 3 1M 70k']],
    ['refcounts of 1 bit', ['-o', 'refcount_bits=1'], ['write -P 3 1M 70k']],
    ['refcounts of 64 bits', ['-o', 'refcount_bits=64'], ['write -P 3 1M 70k']],
    ['lazy refcounts', ['-o', 'lazy_refcounts=on'], ['write -P 3 1M 70k']],
    ['zero clusters', [], ['write -P 3 0 1M', 'write -z 128k 256k', 'write -z -u 512k 64k', 'write -z 4M 512k']],
    ['discarded', [], ['write -P 3 0 4M', 'discard 1M 1M', 'write -P 4 1M 64k']],
    ['written backwards', [], ['write -P 5 4M 300k', 'write -P 4 2M 300k', 'write -P 3 1000 3000']],
    [
      'written backwards, many tables',
      ['-o', 'cluster_size=512'],
      ['write -P 5 4M 300k', 'write -P 4 2M 30k', 'write -P 3 0 64k'],
    ],
    ['subclusters', ['-o', 'extended_l2=on'], ['write -P 3 6k 2k', 'write -P 4 100k 50k', 'write -z 104k 8k']],
    ['subclusters of zeros', ['-o', 'extended_l2=on'], ['write -z 2k 4k', 'write -P 1 64k 64k', 'write -z 66k 2k']],
    [
      'compressed and not',
      [],
      ['write -c -P 9 0 64k', 'write -P 1 64k 64k', 'write -c -P 7 4M 64k', 'write -c 128k 64k'],
    ],
    ['compressed in any order', [], ['write -c -P 9 1M 64k', 'write -c -P 8 0 64k', 'write -c -P 7 64k 64k']],
    ['compressed, overwritten', [], ['write -c -P 9 0 1M', 'write -P 1 70k 3k', 'write -z 256k 64k']],
  ]
  test.each(created)('%s', async (name, create, io) => {
    const image = file(name.replaceAll(' ', '-'))
    runQemuImg('create', '-q', '-f', 'qcow2', ...create, image, '5000000')
    if (io.length > 0) runQemuIo(image, ...io)
    expect((await agrees(image)).virtualSize).toBe(5_000_192)
  })

  test('the active state of an image with snapshots, of which one has another size', async () => {
    const image = file('snapshots')
    runQemuImg('create', '-q', '-f', 'qcow2', image, '3M')
    runQemuIo(image, 'write -P 1 0 2M')
    runQemuImg('snapshot', '-c', 'first', image)
    runQemuIo(image, 'write -P 2 512k 1M')
    runQemuImg('snapshot', '-c', 'second', image)
    runQemuImg('resize', '-q', image, '4M')
    runQemuIo(image, 'write -P 3 600k 10k', 'write -z 0 64k')
    expect((await agrees(image)).virtualSize).toBe(4 * 1024 * 1024)
  })

  test('compressed clusters that many writers put between one another', async () => {
    const small = Buffer.alloc(2 * 1024 * 1024)
    for (let at = 0; at < small.length; at += 4096) small.fill(`small ${at}`, at, at + 4096)
    writeFileSync(file('small'), small)
    for (const size of [4096, 65_536]) {
      const options = ['-O', 'qcow2', '-c', '-W', '-m', '16', '-o', `cluster_size=${size}`]
      runQemuImg('convert', '-f', 'raw', ...options, file('small'), file('woven'))
      expect((await agrees(file('woven'), small)).sums().compressedClusters).toBe(small.length / size)
    }
  })

  test('bitmaps do not matter', async () => {
    const image = file('bitmaps')
    runQemuImg('create', '-q', '-f', 'qcow2', image, '3M')
    runQemuImg('bitmap', '--add', '--enable', image, 'backup')
    runQemuIo(image, 'write -P 1 1M 1M')
    expect((await agrees(image)).sums().dataBytes).toBe(1024 * 1024)
  })

  const refusedOnes: [name: string, message: RegExp, create: string[]][] = [
    ['a backing file', /backing file/, ['-b', 'below', '-F', 'raw']],
    ['a data file', /another file/, ['-o', 'data_file=beside']],
    ['a raw data file', /another file/, ['-o', 'data_file=beside,data_file_raw=on']],
    ['AES', /AES/, ['--object', 'secret,id=s,data=x', '-o', 'encrypt.format=aes,encrypt.key-secret=s']],
  ]
  test.each(refusedOnes)('an image with %s is refused', async (name, message, create) => {
    writeFileSync(file('below'), source)
    const image = file(name.replaceAll(' ', '-'))
    // qemu-img makes a data file where it runs unless it is told a whole path.
    const options = create.map((option) => option.replace('data_file=beside', `data_file=${file('beside')}`))
    runQemuImg('create', '-q', '-f', 'qcow2', ...options, image, '1M')
    await expect(layoutOf(readFileSync(image))).rejects.toThrow(message)
  })
})

/** Compares the rebuilt disk, the map and the sums with what qemu-img says. */
async function agrees(image: string, expected = converted(image)): Promise<Qcow2Layout> {
  const bytes = readFileSync(image)
  const layout = await layoutOf(bytes)
  const disk = rebuild(layout, piecesOf(bytes, 100_003))
  expect([image, disk.compare(expected)]).toEqual([image, 0])
  let zeros = 0
  for (const extents = layout.zeroExtents(); extents.next();) zeros += extents.length
  expect(layout.sums().dataBytes + zeros).toBe(layout.virtualSize)
  compareMaps(image, layout)
  return layout
}

const [zero, compressed] = [-1, -2]

type MapEntry = { start: number; length: number; zero: boolean; data: boolean; offset?: number }

/** Sector by sector: the same place of the file, or both compressed, or both zeros. */
function compareMaps(image: string, layout: Qcow2Layout): void {
  const ours = new Float64Array(Math.ceil(layout.virtualSize / 512)).fill(zero)
  for (const extents = layout.fileExtents(); extents.next();) {
    if (extents.kind === 'metadata') continue
    for (let at = 0; at < extents.guestLength; at += 512) {
      ours[(extents.guestOffset + at) / 512] = extents.kind === 'compressed' ? compressed : extents.hostOffset + at
    }
  }
  const map = JSON.parse(runQemuImg('map', '--output=json', '-f', 'qcow2', image)) as MapEntry[]
  for (const { start, length, offset, ...entry } of map) {
    for (let at = 0; at < length; at += 512) {
      const found = ours[(start + at) / 512]
      const place = offset === undefined ? compressed : offset + at
      // QEMU also calls zero what is data in a hole of the file.
      if (found !== place && !(entry.zero && found === zero))
        expect([image, start + at, found]).toEqual([image, start + at, place])
    }
  }
}
