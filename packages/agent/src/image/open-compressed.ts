import { Fault } from '@ferrite/shared/fault'
import { DecodedSource } from './decode/decoded-source.ts'
import { chooseInnerFormat } from './format/choose-format.ts'
import { detectFormat } from './format/detect-format.ts'
import type { CompressionFormat } from './format/image-formats.ts'
import { refuseUnlessPermitted } from './format/permitted.ts'
import { StartedAnew } from './http/image-source.ts'
import { headOf } from './open-image.ts'
import type { ImageJob, OpenedImage } from './open-image.ts'
import { pour, readOrGive } from './pour.ts'
import type { FirstSlab } from './pour.ts'

/** A raw image in a compression: its beginning is decoded before the disk is touched. */
export async function openCompressed(job: ImageJob, first: FirstSlab, format: CompressionFormat): Promise<OpenedImage> {
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
    refuseUnlessPermitted({ declared: request.format, detected: inner }, request.permittedFormats)
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
