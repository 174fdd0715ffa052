import { Fault } from '@ferrite/shared/fault'
import type { Disk } from '../hardware/disk.ts'
import { DecodedSource } from './decode/decoded-source.ts'
import type { Digester } from './digester.ts'
import { chooseFormat, chooseInnerFormat } from './format/choose-format.ts'
import { detectFormat, detectionBytes } from './format/detect-format.ts'
import { isCompression } from './format/image-formats.ts'
import type { CompressionFormat } from './format/image-formats.ts'
import { refuseUnlessPermitted } from './format/permitted.ts'
import { StartedAnew } from './http/image-source.ts'
import type { ImageSource } from './http/image-source.ts'
import { tooLarge } from './landing.ts'
import type { Landing } from './landing.ts'
import { pour, readOrGive } from './pour.ts'
import type { FirstSlab } from './pour.ts'
import type { Counters } from './progress-meter.ts'
import { pourQcow2 } from './pour-qcow2.ts'
import { guestHead } from './qcow2/guest-head.ts'
import { openMetadata } from './qcow2/metadata-reader.ts'
import { readLayout } from './qcow2/read-layout.ts'
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

/** As much of the disk image as is shown to whoever wants to inspect it. */
const inspectedBytes = 128 * 1024

/** Reads until it is clear that the image can be written, and how. The disk is as it was. */
export async function openImage(job: ImageJob): Promise<OpenedImage> {
  const { source, pool, request } = job
  const slab = await pool.take()
  const length = await readOrGive(source, slab, pool)
  if (length === 0) throw new Fault('image_refused', `${source.url} is empty`)
  const first = { slab, length }
  const detected = detectFormat(headOf(first))
  const treatment = chooseFormat(request.format, detected)
  if (!isCompression(detected)) refuseUnlessPermitted(detected, request.permittedFormats)
  if (treatment === 'raw') return openRaw(job, first)
  return treatment === 'qcow2' ? openQcow2(job, first) : openCompressed(job, first, treatment)
}

const headOf = ({ slab, length }: FirstSlab): Uint8Array => slab.bytes.subarray(0, Math.min(length, detectionBytes))

async function openRaw(job: ImageJob, first: FirstSlab): Promise<OpenedImage> {
  const { source, disk, request } = job
  if (source.totalBytes !== null && source.totalBytes > disk.sizeBytes) throw tooLarge(disk, source.totalBytes)
  await request.inspect?.(first.slab.bytes.subarray(0, first.length), disk)
  return { format: 'raw', pour: () => pour(job, first), [Symbol.asyncDispose]: () => Promise.resolve() }
}

async function openCompressed(job: ImageJob, first: FirstSlab, format: CompressionFormat): Promise<OpenedImage> {
  const { source, disk, pool, request, digester, signal } = job
  const decoded = new DecodedSource({ format, upstream: source, pool, digester, first, signal })
  const stopping = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      // The download may be waiting for a server that has nothing to do with the error.
      if (!(error instanceof StartedAnew)) job.onFailure(error)
      await decoded[Symbol.asyncDispose]()
      throw error
    }
  }
  const begin = async (): Promise<FirstSlab> => {
    const slab = await pool.take()
    const length = await readOrGive(decoded, slab, pool)
    if (length === 0) throw new Fault('image_refused', `${source.url} holds nothing`)
    const inner = detectFormat(headOf({ slab, length }))
    chooseInnerFormat(request.format, format, inner)
    refuseUnlessPermitted(inner, request.permittedFormats)
    await request.inspect?.(slab.bytes.subarray(0, length), disk)
    return { slab, length }
  }
  const start = await stopping(begin())
  return {
    format,
    pour: () => stopping(pour({ ...job, source: decoded, digester: undefined }, start)),
    [Symbol.asyncDispose]: () => decoded[Symbol.asyncDispose](),
  }
}

async function openQcow2(job: ImageJob, first: FirstSlab): Promise<OpenedImage> {
  const { source, disk, request, signal } = job
  const { slab, length } = first
  const fileSize = length < slab.bytes.length ? length : source.totalBytes
  using metadata = await openMetadata({ request, head: slab.bytes.subarray(0, length), fileSize, signal })
  const layout = await readLayout({ ...metadata, signal })
  if (layout.virtualSize > disk.sizeBytes) throw tooLarge(disk, layout.virtualSize)
  await request.inspect?.(await guestHead(layout, metadata.read, inspectedBytes, signal), disk)
  return {
    format: 'qcow2',
    pour: () => pourQcow2({ ...job, layout }, first),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
