import { deflateRawSync, zstdCompressSync } from 'node:zlib'
import { readLayout } from './read-layout.ts'
import type { Qcow2Layout } from './layout.ts'
import type { LayoutLimits } from './limits.ts'
import { FilePass } from './file-pass.ts'
import { decodeCluster } from './decode-cluster.ts'

export type Recipe = {
  version?: 2 | 3
  clusterBits?: number
  extendedL2?: boolean
  compression?: 'zlib' | 'zstd'
  /** One letter for each guest cluster: d data, c compressed, z zero, . unallocated, s some subclusters. */
  clusters?: string
  virtualSize?: number
}

/** Where the parts of a hand-made image are, for whoever breaks them. */
export type HandMade = { bytes: Buffer<ArrayBuffer>; l1: number; refcounts: number; l2: number; data: number }

/** A qcow2 image of one L2 table, made by hand: header, L1 table, refcount table, L2 table, then the clusters. */
export function handMade(recipe: Recipe = {}): HandMade {
  const { version = 3, clusterBits = 16, extendedL2 = false, compression = 'zlib', clusters = 'd' } = recipe
  const size = 2 ** clusterBits
  const [l1, refcounts, l2, data] = [size, 2 * size, 3 * size, 4 * size]
  const head = Buffer.alloc(data)
  writeHeader(head, { version, clusterBits, virtualSize: recipe.virtualSize ?? clusters.length * size })
  if (version === 3) {
    head.writeUInt32BE((compression === 'zstd' ? 8 : 0) + (extendedL2 ? 16 : 0), 76)
    head.writeUInt32BE(112, 100)
    head.writeUInt8(compression === 'zstd' ? 1 : 0, 104)
  }
  head.writeBigUInt64BE((1n << 63n) | BigInt(l2), l1)
  const parts: Buffer[] = [head]
  let end = data
  for (const [index, letter] of clusters.split('').entries()) {
    const at = l2 + index * (extendedL2 ? 16 : 8)
    if (letter === 'z') writeZero(head, at, extendedL2)
    if (letter === '.' || letter === 'z') continue
    const plain = plainCluster(index, size)
    const part = letter === 'c' ? compress(plain, compression) : plain
    if (letter !== 'c' && end % size !== 0) end += pad(parts, size - (end % size))
    const entry = letter === 'c' ? compressedEntry(end, part.length, clusterBits) : (1n << 63n) | BigInt(end)
    head.writeBigUInt64BE(entry, at)
    if (extendedL2 && letter !== 'c') head.writeUInt32BE(letter === 's' ? 0x0ff0_00ff : 0xffff_ffff, at + 12)
    parts.push(part)
    end += part.length
  }
  pad(parts, (512 - (end % 512)) % 512)
  return { bytes: Buffer.concat(parts), l1, refcounts, l2, data }
}

function writeHeader(
  head: Buffer,
  { version, clusterBits, virtualSize }: { version: number; clusterBits: number; virtualSize: number },
): void {
  const size = 2 ** clusterBits
  head.writeUInt32BE(0x514649fb, 0)
  head.writeUInt32BE(version, 4)
  head.writeUInt32BE(clusterBits, 20)
  head.writeBigUInt64BE(BigInt(virtualSize), 24)
  head.writeUInt32BE(1, 36)
  head.writeBigUInt64BE(BigInt(size), 40)
  head.writeBigUInt64BE(BigInt(2 * size), 48)
  head.writeUInt32BE(1, 56)
  if (version === 3) head.writeUInt32BE(4, 96)
}

function writeZero(head: Buffer, at: number, extendedL2: boolean): void {
  if (extendedL2) head.writeUInt32BE(0xffff_ffff, at + 8)
  else head.writeBigUInt64BE(1n, at)
}

export function compressedEntry(host: number, bytes: number, clusterBits: number): bigint {
  const sectors = Math.floor((host + bytes - 1) / 512) - Math.floor(host / 512)
  return (1n << 62n) | (BigInt(sectors) << BigInt(70 - clusterBits)) | BigInt(host)
}

/** Not a run of one byte, and different for each cluster. */
export const plainCluster = (index: number, size: number): Buffer<ArrayBuffer> =>
  Buffer.alloc(size, `cluster ${index} of the disk, `)

const compress = (plain: Buffer, compression: 'zlib' | 'zstd'): Buffer =>
  compression === 'zlib' ? deflateRawSync(plain, { windowBits: 12 }) : zstdCompressSync(plain)

function pad(parts: Buffer[], bytes: number): number {
  parts.push(Buffer.alloc(bytes))
  return bytes
}

/** The layout of an image in memory. */
export const layoutOf = (bytes: Uint8Array, limits?: LayoutLimits): Promise<Qcow2Layout> =>
  readLayout({
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    fileSize: bytes.length,
    signal: new AbortController().signal,
    ...(limits ? { limits } : {}),
  })

/** The disk that a pass over the pieces of the file gives, over 0xaa where neither data nor zeros came. */
export function rebuild(layout: Qcow2Layout, pieces: Iterable<Uint8Array>): Buffer<ArrayBuffer> {
  const disk = Buffer.alloc(layout.virtualSize, 0xaa)
  const cluster = new Uint8Array(layout.clusterSize)
  const pass = new FilePass(layout)
  for (const piece of pieces) {
    pass.push(piece, {
      data: (bytes, guestOffset) => disk.set(bytes, guestOffset),
      compressed: (bytes, guestOffset, guestLength) => {
        decodeCluster(layout.compression, bytes, cluster)
        disk.set(cluster.subarray(0, guestLength), guestOffset)
      },
    })
  }
  pass.end()
  for (const zeros = layout.zeroExtents(); zeros.next();) {
    disk.fill(0, zeros.guestOffset, zeros.guestOffset + zeros.length)
  }
  return disk
}

export function* piecesOf(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}
