import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { hasQemuImg, runQemuImg } from './qcow2/qemu-img.fixture.ts'

const MiB = 1024 * 1024

export type Pack = (data: Buffer) => Buffer

const program =
  (file: string, ...args: string[]): Pack =>
  (data) =>
    execFileSync(file, args, { input: data, maxBuffer: 1024 * MiB })

/** `qemu-img convert` to qcow2 with these options. */
export const qcow2 =
  (...options: string[]): Pack =>
  (data) => {
    const directory = mkdtempSync(path.join(tmpdir(), 'ferrite-pack-'))
    try {
      writeFileSync(path.join(directory, 'raw'), data)
      const [from, to] = [path.join(directory, 'raw'), path.join(directory, 'qcow2')]
      runQemuImg('convert', '-f', 'raw', '-O', 'qcow2', ...options, from, to)
      return readFileSync(to)
    } finally {
      rmSync(directory, { recursive: true })
    }
  }

/** The same data is packed once only. */
const once = ([name, pack]: [string, Pack]): [string, Pack] => {
  let last: { data: Buffer; packed: Buffer } | undefined
  return [name, (data) => (last?.data === data ? last : (last = { data, packed: pack(data) })).packed]
}

/** One way for each format that is compressed as a whole. */
export const compressions: [string, Pack][] = (
  [
    ['gzip', (data) => gzipSync(data, { level: 1 })],
    ['zstd', (data) => zstdCompressSync(data)],
    ['xz', program('xz', '-0', '-c')],
    ['bzip2', program('bzip2', '-1', '-c')],
  ] satisfies [string, Pack][]
).map(once)

/** One way for each format; those that need qemu-img only where it is installed. */
export const packs: [string, Pack][] = [
  ['raw', (data) => data],
  ...compressions,
  ...(hasQemuImg
    ? (
        [
          ['qcow2', qcow2()],
          ['qcow2 with zlib', qcow2('-c')],
          ['qcow2 with zstd', qcow2('-c', '-o', 'compression_type=zstd')],
        ] satisfies [string, Pack][]
      ).map(once)
    : []),
]

const clusterSizes = ['512', '4k', '64k', '2M']

/** Every kind of qcow2 that qemu-img makes, as far as it matters here. */
export const qcow2Packs: [string, Pack][] = hasQemuImg
  ? [
      ...clusterSizes.flatMap((size): [string, Pack][] => [
        [`qcow2 of ${size} clusters`, qcow2('-o', `cluster_size=${size}`)],
        [`qcow2 of ${size} zlib clusters`, qcow2('-c', '-o', `cluster_size=${size}`)],
        [`qcow2 of ${size} zstd clusters`, qcow2('-c', '-o', `cluster_size=${size},compression_type=zstd`)],
      ]),
      ['qcow2 of version 2', qcow2('-o', 'compat=0.10')],
      ['qcow2 with extended L2 entries', qcow2('-o', 'extended_l2=on,cluster_size=128k')],
      ['qcow2 with preallocated tables', qcow2('-o', 'preallocation=metadata')],
      ['qcow2 without a single hole', qcow2('-S', '0')],
    ]
  : []
