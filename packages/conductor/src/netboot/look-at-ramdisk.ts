import { createReadStream } from 'node:fs'
import type { Readable, Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { open } from 'node:fs/promises'
import { Fault } from '@ferrite/shared/fault'
import { elfArch } from './kernel-arch.ts'

/** What a ramdisk turned out to be. `arch` is that of the first program found in it. */
export type RamdiskLook = { packing: string; arch: string | undefined }

const packings: readonly [magic: string, name: string, open?: () => Transform][] = [
  ['1f8b08', 'gzip', createGunzip],
  ['28b52ffd', 'zstd', createZstdDecompress],
  ['fd377a585a00', 'xz'],
  ['425a68', 'bzip2'],
  ['5d0000', 'lzma'],
  ['02214c18', 'lz4'],
  ['894c5a4f', 'lzo'],
]

/**
 * Reads a ramdisk to its end, so that one that was cut off is found before a machine boots it. Fault image_truncated, or
 * invalid for what is no ramdisk. An uncompressed archive (microcode) may stand before the compressed one.
 */
export async function lookAtRamdisk(file: string): Promise<RamdiskLook> {
  const { at, size } = await afterPlainArchives(file)
  if (at >= size) return { packing: 'none', arch: undefined }
  const head = await bytesAt(file, at, 8)
  const found = packings.find(([magic]) => head.toString('hex').startsWith(magic))
  if (!found) throw new Fault('invalid', 'the ramdisk is no archive that a Linux kernel could unpack')
  const [, packing, opener] = found
  if (packing === 'xz') await checkXzEnd(file, size)
  if (!opener) return { packing, arch: undefined }
  return { packing, arch: await firstProgram(createReadStream(file, { start: at }), opener()) }
}

async function firstProgram(source: Readable, decoder: Transform): Promise<string | undefined> {
  let arch: string | undefined
  source.once('error', (error) => decoder.destroy(error))
  try {
    for await (const chunk of source.pipe(decoder)) {
      const bytes = chunk as Buffer
      // Archive members begin at multiples of four: an ELF header lies there, if it is one.
      for (
        let at = bytes.indexOf('\x7fELF', 0, 'latin1');
        arch === undefined && at >= 0;
        at = bytes.indexOf('\x7fELF', at + 4, 'latin1')
      ) {
        arch = elfArch(bytes, at)
      }
    }
  } catch (cause) {
    throw new Fault('image_truncated', 'the ramdisk is cut off or damaged: it cannot be unpacked to its end', { cause })
  } finally {
    source.destroy()
  }
  return arch
}

const newc = '070701'
const longestWalk = 4_096

/** Steps over archives that are not compressed, by their headers. Fault image_truncated when one ends in the middle. */
async function afterPlainArchives(file: string): Promise<{ at: number; size: number }> {
  await using handle = await open(file, 'r')
  const { size } = await handle.stat()
  if (size === 0) throw new Fault('image_truncated', 'the ramdisk is empty')
  let at = 0
  for (let members = 0; members < longestWalk; members += 1) {
    const { buffer } = await handle.read(Buffer.alloc(110), 0, 110, at)
    const text = buffer.toString('latin1')
    if (!text.startsWith(newc)) return { at: await afterZeros(handle, at, size), size }
    const nameSize = Number.parseInt(text.slice(94, 102), 16)
    const fileSize = Number.parseInt(text.slice(54, 62), 16)
    at += align(110 + nameSize) + align(fileSize)
    if (at > size) throw new Fault('image_truncated', 'the ramdisk is cut off in the middle of a file')
  }
  // A large archive without compression: its end was not looked for.
  return { at: size, size }
}

async function afterZeros(handle: Awaited<ReturnType<typeof open>>, from: number, size: number): Promise<number> {
  const buffer = Buffer.alloc(4096)
  for (let at = from; at < size;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    const used = buffer.subarray(0, bytesRead).findIndex((byte) => byte !== 0)
    if (used >= 0) return at + used
    if (bytesRead === 0) return size
    at += bytesRead
  }
  return size
}

async function checkXzEnd(file: string, size: number): Promise<void> {
  const end = (await bytesAt(file, Math.max(0, size - 64), 64)).toString('latin1').replace(/\0+$/, '')
  if (!end.endsWith('YZ')) throw new Fault('image_truncated', 'the ramdisk is cut off: its xz stream has no end')
}

async function bytesAt(file: string, at: number, length: number): Promise<Buffer> {
  await using handle = await open(file, 'r')
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at)
  return buffer.subarray(0, bytesRead)
}

const align = (length: number): number => Math.ceil(length / 4) * 4
