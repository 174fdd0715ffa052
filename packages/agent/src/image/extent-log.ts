import { tagBytes } from './digester.ts'

/** `tag` null: zeros, which need none. */
export type Extent = { offset: number; bytes: number; tag: Uint8Array | null }

/** What was sent to the disk: place, length and tag of every extent, 29 bytes each (7 MiB for a TiB of slabs). */
export class ExtentLog {
  #offsets = new Float64Array(256)
  #lengths = new Uint32Array(256)
  #tags = new Uint8Array(256 * tagBytes)
  #zero = new Uint8Array(256)
  #count = 0
  /** Bytes of all extents. */
  bytes = 0

  get count(): number {
    return this.#count
  }

  add({ offset, bytes, tag }: Extent): void {
    if (this.#count === this.#offsets.length) this.#grow()
    this.#offsets[this.#count] = offset
    this.#lengths[this.#count] = bytes
    this.#zero[this.#count] = tag ? 0 : 1
    if (tag) this.#tags.set(tag, this.#count * tagBytes)
    this.#count += 1
    this.bytes += bytes
  }

  at(index: number): Extent {
    return {
      offset: this.#offsets[index] ?? 0,
      bytes: this.#lengths[index] ?? 0,
      tag: this.#zero[index] === 1 ? null : this.#tags.subarray(index * tagBytes, (index + 1) * tagBytes),
    }
  }

  clear(): void {
    this.#count = 0
    this.bytes = 0
  }

  #grow(): void {
    const [offsets, lengths, tags, zero] = [this.#offsets, this.#lengths, this.#tags, this.#zero]
    const size = offsets.length * 2
    this.#offsets = new Float64Array(size)
    this.#offsets.set(offsets)
    this.#lengths = new Uint32Array(size)
    this.#lengths.set(lengths)
    this.#tags = new Uint8Array(size * tagBytes)
    this.#tags.set(tags)
    this.#zero = new Uint8Array(size)
    this.#zero.set(zero)
  }
}
