import { Fault } from '@ferrite/shared/fault'
import { detectFormat, detectionBytes } from './format/detect-format.ts'
import { imageFormats } from './format/image-formats.ts'
import { ImageSource } from './http/image-source.ts'
import type { SourceRequest } from './http/image-source.ts'

/**
 * How large a disk an image needs, as far as its beginning and its length tell: null for a compressed image, and when the
 * server tells no length.
 */
export async function imageSize(request: SourceRequest, signal: AbortSignal): Promise<number | null> {
  using source = new ImageSource(request, signal)
  await source.open()
  const head = new Uint8Array(detectionBytes)
  const bytes = await source.read(head)
  if (bytes === 0) throw new Fault('image_refused', `${source.url} is empty`)
  const format = detectFormat(head.subarray(0, bytes))
  if (format !== 'qcow2') return imageFormats[format].become === 'write' ? source.totalBytes : null
  const size = new DataView(head.buffer).getBigUint64(24)
  if (bytes < 32 || size > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Fault('image_format_refused', 'the qcow2 image has an impossible size')
  return Number(size)
}
