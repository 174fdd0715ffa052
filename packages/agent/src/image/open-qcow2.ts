import { tooLarge } from './landing.ts'
import type { ImageJob, OpenedImage } from './open-image.ts'
import type { FirstSlab } from './pour.ts'
import { pourQcow2 } from './pour-qcow2.ts'
import { guestHead } from './qcow2/guest-head.ts'
import { openMetadata } from './qcow2/metadata-reader.ts'
import { readLayout } from './qcow2/read-layout.ts'

/** As much of the disk image as is shown to whoever wants to inspect it. */
const inspectedBytes = 128 * 1024

/** A qcow2 image: its tables are read and checked before the disk is touched. */
export async function openQcow2(job: ImageJob, first: FirstSlab): Promise<OpenedImage> {
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
