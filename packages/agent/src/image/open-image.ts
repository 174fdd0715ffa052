import { Fault } from '@ferrite/shared/fault'
import type { Disk } from '../hardware/disk.ts'
import type { Digester } from './digester.ts'
import { chooseFormat } from './format/choose-format.ts'
import { detectFormat, detectionBytes } from './format/detect-format.ts'
import { isCompression } from './format/image-formats.ts'
import { refuseUnlessPermitted } from './format/permitted.ts'
import type { ImageSource } from './http/image-source.ts'
import { tooLarge } from './landing.ts'
import type { Landing } from './landing.ts'
import { pour, readOrGive } from './pour.ts'
import type { FirstSlab } from './pour.ts'
import type { Counters } from './progress-meter.ts'
import type { WriteRequest } from './request.ts'
import type { SlabPool } from './slab-pool.ts'

export type ImageJob = {
  request: WriteRequest
  source: ImageSource
  disk: Disk
  pool: SlabPool
  digester: Digester
  landing: Landing
  counters: Counters
  signal: AbortSignal
  /** Called with the first error, so that a waiting download stops at once. */
  onFailure: (error: unknown) => void
}

export type OpenedImage = {
  /** As it travels. */
  format: string
  /** Brings all of it to the disk; resolves to how many bytes the image has there. */
  pour: () => Promise<number>
} & AsyncDisposable

/** Reads until it is clear that the image can be written, and how. The disk is as it was. */
export async function openImage(job: ImageJob): Promise<OpenedImage> {
  const { source, pool, request } = job
  const slab = await pool.take()
  const length = await readOrGive(source, slab, pool)
  if (length === 0) throw new Fault('image_refused', `${source.url} is empty`)
  const first = { slab, length }
  const detected = detectFormat(headOf(first))
  const treatment = chooseFormat(request.format, detected)
  if (!isCompression(detected)) {
    refuseUnlessPermitted({ declared: request.format, detected }, request.permittedFormats)
  }
  if (treatment === 'raw') return openRaw(job, first)
  // Only what the format needs is loaded: it is a good part of the time that a small image takes.
  if (treatment === 'qcow2') return (await import('./open-qcow2.ts')).openQcow2(job, first)
  return (await import('./open-compressed.ts')).openCompressed(job, first, treatment)
}

/** As much as tells the format. */
export const headOf = ({ slab, length }: FirstSlab): Uint8Array =>
  slab.bytes.subarray(0, Math.min(length, detectionBytes))

async function openRaw(job: ImageJob, first: FirstSlab): Promise<OpenedImage> {
  const { source, disk, request } = job
  if (source.totalBytes !== null && source.totalBytes > disk.sizeBytes) throw tooLarge(disk, source.totalBytes)
  await request.inspect?.(first.slab.bytes.subarray(0, first.length), disk)
  return { format: 'raw', pour: () => pour(job, first), [Symbol.asyncDispose]: () => Promise.resolve() }
}
