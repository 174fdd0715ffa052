import type { PassSink } from './qcow2/file-pass.ts'
import { slabBytes } from './slab-pool.ts'
import type { Slab, SlabPool } from './slab-pool.ts'

/** What one slab of a qcow2 file holds, as flat lists of numbers. */
export type Pieces = {
  /** Three for each: place in the shared memory, bytes, place on the disk. */
  data: readonly number[]
  /** Five for each: 1 when it is in the other memory, place there, bytes, place on the disk, bytes on the disk. */
  clusters: readonly number[]
}

/** Notes where the parts of a slab belong while the file passes. A cluster that came in two slabs is put together here. */
export class GuestPieces implements PassSink {
  readonly shared: { memory: SharedArrayBuffer; carried: SharedArrayBuffer }
  readonly #carriedBytes: number
  #slab: Slab | undefined
  #data: number[] = []
  #clusters: number[] = []

  constructor(pool: SlabPool, longestCompressed: number) {
    this.#carriedBytes = longestCompressed
    const slabs = pool.memory.byteLength / slabBytes
    this.shared = { memory: pool.memory, carried: new SharedArrayBuffer(slabs * longestCompressed) }
  }

  begin(slab: Slab): void {
    this.#slab = slab
  }

  data(bytes: Uint8Array, guestOffset: number): void {
    this.#data.push(bytes.byteOffset, bytes.length, guestOffset)
  }

  /** At most one for each slab is no view of it, so the slab's place in the other memory is free. */
  compressed(bytes: Uint8Array, guestOffset: number, guestLength: number): void {
    const isCarried = bytes.buffer !== this.shared.memory
    let offset = bytes.byteOffset
    if (isCarried) {
      offset = ((this.#slab?.offset ?? 0) / slabBytes) * this.#carriedBytes
      new Uint8Array(this.shared.carried, offset, bytes.length).set(bytes)
    }
    this.#clusters.push(isCarried ? 1 : 0, offset, bytes.length, guestOffset, guestLength)
  }

  take(): Pieces {
    const pieces = { data: this.#data, clusters: this.#clusters }
    this.#data = []
    this.#clusters = []
    return pieces
  }
}
