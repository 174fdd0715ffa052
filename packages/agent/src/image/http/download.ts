import { Fault } from '@ferrite/shared/fault'
import { formatBytes } from '@ferrite/shared/units'
import type { WriteLimits } from '../request.ts'
import { ImageSource, StartedAnew } from './image-source.ts'
import type { SourceRequest } from './image-source.ts'

/** Downloads a small document whole. Fault too_large beyond `maxBytes`, else the faults of an image's download. */
export async function download(
  request: Omit<SourceRequest, 'limits'> & { limits: WriteLimits; maxBytes: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  using source = new ImageSource(request, signal)
  await source.open()
  for (;;) {
    try {
      return await readAll(source, request.maxBytes)
    } catch (error) {
      if (!(error instanceof StartedAnew)) throw error
    }
  }
}

async function readAll(source: ImageSource, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let total = 0
  for (;;) {
    const tooLarge = total > maxBytes || (source.totalBytes ?? 0) > maxBytes
    if (tooLarge) throw new Fault('too_large', `${source.url} is larger than ${formatBytes(maxBytes)}`)
    const part = new Uint8Array(64 * 1024)
    const bytes = await source.read(part)
    if (bytes === 0) return Buffer.concat(parts)
    parts.push(part.subarray(0, bytes))
    total += bytes
  }
}
