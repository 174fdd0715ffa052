import { allocateAligned } from '../hardware/disk.ts'
import type { Disk } from '../hardware/disk.ts'

const span = (disk: Disk, offset: number, bytes: number) => {
  const start = offset - (offset % disk.alignment)
  const end = Math.ceil((offset + bytes) / disk.alignment) * disk.alignment
  return { start, skip: offset - start, whole: allocateAligned(end - start) }
}

/** Reads any range, aligned or not. */
export async function readBytes(disk: Disk, offset: number, bytes: number): Promise<Buffer> {
  const { start, skip, whole } = span(disk, offset, bytes)
  await disk.read(whole, start)
  return Buffer.from(whole.subarray(skip, skip + bytes))
}

/** Writes any range; the rest of its first and last sector stays as it is. */
export async function writeBytes(disk: Disk, offset: number, bytes: Uint8Array): Promise<void> {
  const { start, skip, whole } = span(disk, offset, bytes.length)
  if (whole.length !== bytes.length) await disk.read(whole, start)
  whole.set(bytes, skip)
  await disk.write(whole, start)
}
