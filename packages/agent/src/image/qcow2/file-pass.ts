import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { Fault } from '@ferrite/shared/fault'
import type { FileExtents } from './file-extents.ts'
import type { Qcow2Layout } from './layout.ts'

export type PassSink = {
  /** Bytes of the disk at `guestOffset`, a view of what was pushed. */
  data: (bytes: Uint8Array, guestOffset: number) => void
  /**
   * One whole compressed cluster of which the disk has `guestLength` bytes. `bytes` is a view of what was pushed or,
   * when the cluster came in several pieces, of memory that the next such cluster uses again.
   */
  compressed: (bytes: Uint8Array, guestOffset: number, guestLength: number) => void
}

/**
 * One pass over the bytes of a qcow2 file from front to back: hands each piece of what is pushed to its place on the
 * disk, and compares the metadata with that which the layout was made of.
 */
export class FilePass {
  readonly #layout: Qcow2Layout
  readonly #extents: FileExtents
  #metadata: Hash = createHash('sha256')
  #open: boolean
  #position = 0
  /** What of the current compressed cluster came with former pieces. */
  #carry = new Uint8Array()
  #carried = 0

  constructor(layout: Qcow2Layout) {
    this.#layout = layout
    this.#extents = layout.fileExtents()
    this.#open = this.#extents.next()
  }

  /** Takes the next bytes of the file. Everything is handed on before it returns. */
  push(bytes: Uint8Array, sink: PassSink): void {
    const start = this.#position
    const end = start + bytes.length
    const extents = this.#extents
    while (this.#open && extents.hostOffset < end) {
      const from = Math.max(start, extents.hostOffset)
      const extentEnd = extents.hostOffset + extents.length
      const to = Math.min(end, extentEnd)
      this.#piece(bytes.subarray(from - start, to - start), from - extents.hostOffset, sink)
      if (extentEnd > end) break
      this.#open = extents.next()
    }
    this.#position = end
  }

  /** Fault image_truncated unless the whole file has passed, image_changed unless it had the metadata that was read. */
  end(): void {
    const { fileSize, metadataDigest } = this.#layout
    if (this.#position !== fileSize) {
      throw new Fault('image_truncated', `the qcow2 image has ${this.#position} bytes instead of ${fileSize}`)
    }
    if (!this.#metadata.digest().equals(metadataDigest)) {
      throw new Fault('image_changed', 'the tables of the qcow2 image are not those that were read before the image')
    }
  }

  #piece(piece: Uint8Array, done: number, sink: PassSink): void {
    const { kind, guestOffset, guestLength, length } = this.#extents
    if (kind === 'metadata') this.#metadata.update(piece)
    else if (kind === 'data') sink.data(piece, guestOffset + done)
    else if (piece.length === length) sink.compressed(piece, guestOffset, guestLength)
    else {
      this.#keep(piece, length)
      if (this.#carried < length) return
      sink.compressed(this.#carry.subarray(0, length), guestOffset, guestLength)
      this.#carried = 0
    }
  }

  #keep(piece: Uint8Array, length: number): void {
    if (this.#carry.length < length) {
      const larger = new Uint8Array(Math.max(length, this.#layout.clusterSize))
      larger.set(this.#carry.subarray(0, this.#carried))
      this.#carry = larger
    }
    this.#carry.set(piece, this.#carried)
    this.#carried += piece.length
  }
}
