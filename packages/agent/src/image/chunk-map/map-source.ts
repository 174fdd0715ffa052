import { Fault } from '@ferrite/shared/fault'
import type { Digest } from '../checksum.ts'
import { imageUrl, shownUrl } from '../http/image-url.ts'
import { RangeReader } from '../http/range-reader.ts'
import type { SourceRequest } from '../http/image-source.ts'
import type { ChunkMap } from './chunk-map.ts'

/** The image as its chunks, fetched in any order, and the account of what was fetched. */
export class MapSource implements Disposable {
  readonly map: ChunkMap
  readonly url: string
  /** Of the whole image, by another algorithm than the map's: only the disk can prove it. */
  readonly digest: Digest | undefined
  bytesWasted = 0
  /** Bytes that were on the disk already. */
  bytesKept = 0
  readonly #ranges: RangeReader
  #zeroBytes = 0

  constructor(request: SourceRequest, map: ChunkMap, signal: AbortSignal, digest?: Digest) {
    this.map = map
    this.digest = digest
    this.url = shownUrl(imageUrl(request.urls[0] ?? ''))
    this.#ranges = new RangeReader(request, signal)
  }

  get bytesReceived(): number {
    return this.#ranges.bytesReceived
  }

  get resumes(): number {
    return this.#ranges.resumes
  }

  /** What there is to fetch, as far as is known. */
  get totalBytes(): number {
    return Math.max(this.bytesReceived, this.map.source.size - this.bytesKept - this.#zeroBytes)
  }

  countZeros(bytes: number): void {
    this.#zeroBytes += bytes
  }

  /** Fault image_changed when the server has another file than the map is of. */
  async fetch(into: Uint8Array, offset: number): Promise<void> {
    await this.#ranges.readInto(into, offset)
    const { totalBytes } = this.#ranges
    if (totalBytes !== null && totalBytes !== this.map.source.size) {
      const message = `${this.url} has ${totalBytes} bytes, but the chunk map is of an image of ${this.map.source.size}`
      throw new Fault('image_changed', message, { giveUp: true })
    }
  }

  [Symbol.dispose](): void {
    // Each request has a connection of its own, which it closes itself.
  }
}
