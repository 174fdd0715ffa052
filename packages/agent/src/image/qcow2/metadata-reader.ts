import { Fault, isFault } from '@ferrite/shared/fault'
import { ImageSource, StartedAnew } from '../http/image-source.ts'
import type { SourceRequest } from '../http/image-source.ts'
import { RangeReader } from '../http/range-reader.ts'
import type { ReadAt } from './read-at.ts'

export type MetadataSource = {
  request: SourceRequest
  /** The beginning of the file, which has come already. */
  head: Uint8Array
  fileSize: number | null
  signal: AbortSignal
}

/** How often a server without Range is asked for the file from its beginning: header and L1 table, then the L2 tables. */
const maxPasses = 3

/**
 * Reads the tables of an image: from its head, else by Range, else, from a server that knows no ranges, by letting the file
 * pass once more. Also finds out the file's size.
 */
export async function openMetadata(source: MetadataSource): Promise<{ read: ReadAt; fileSize: number } & Disposable> {
  const { head, request, signal } = source
  const ranges = new RangeReader(request, signal)
  const skim = new Skim(request, signal)
  let hasRanges = true
  const read: ReadAt = async (offset, length) => {
    if (offset + length <= head.length) return head.subarray(offset, offset + length)
    if (hasRanges) {
      try {
        return await ranges.read(offset, length)
      } catch (error) {
        if (!isFault(error) || error.details['noRanges'] !== true) throw error
        hasRanges = false
      }
    }
    return skim.read(offset, length)
  }
  if (source.fileSize === null) await ranges.read(0, 1).catch(() => undefined)
  const fileSize = source.fileSize ?? ranges.totalBytes
  if (fileSize === null) {
    const advice = 'serve the image by a server that tells its length (nginx does), or convert it to raw'
    throw new Fault('image_refused', `the image server tells no length of the qcow2 image; ${advice}`)
  }
  return { read, fileSize, [Symbol.dispose]: () => skim[Symbol.dispose]() }
}

/** Parts of a file that is let pass from front to back; to go back, it passes again. */
class Skim implements Disposable {
  readonly #request: SourceRequest
  readonly #signal: AbortSignal
  readonly #scratch = new Uint8Array(256 * 1024)
  #source: ImageSource | undefined
  #position = 0
  #passes = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(request: SourceRequest, signal: AbortSignal) {
    this.#request = request
    this.#signal = signal
  }

  /** One after another, in the order of the calls. */
  read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = this.#last.then(() => this.#part(offset, length))
    this.#last = bytes.catch(() => undefined)
    return bytes
  }

  [Symbol.dispose](): void {
    this.#source?.[Symbol.dispose]()
  }

  async #part(offset: number, length: number): Promise<Uint8Array> {
    const into = new Uint8Array(length)
    for (;;) {
      const source = this.#at(offset)
      try {
        while (this.#position < offset) {
          const skipped = this.#scratch.subarray(0, Math.min(this.#scratch.length, offset - this.#position))
          if ((await source.read(skipped)) < skipped.length) return into.subarray(0, 0)
          this.#position += skipped.length
        }
        const bytes = await source.read(into)
        this.#position += bytes
        return into.subarray(0, bytes)
      } catch (error) {
        if (!(error instanceof StartedAnew)) throw error
        this.#position = 0
      }
    }
  }

  #at(offset: number): ImageSource {
    if (this.#source && offset >= this.#position) return this.#source
    this.#passes += 1
    if (this.#passes > maxPasses) {
      const advice = 'serve it by a server that does (nginx), or convert it again with qemu-img convert, or to raw'
      throw new Fault(
        'image_refused',
        `the image server knows no ranges (HTTP Range), which this qcow2 image needs; ${advice}`,
      )
    }
    this.#source?.[Symbol.dispose]()
    this.#source = new ImageSource(this.#request, this.#signal)
    this.#position = 0
    return this.#source
  }
}
