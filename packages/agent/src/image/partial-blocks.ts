import { Fault } from '@ferrite/shared/fault'
import type { Slab } from './slab-pool.ts'

type Block = { slot: number; filled: number; expected: number }

/** How many bytes that are no zeros will come for a part of the disk. */
export type Expectation = (start: number, end: number) => number

/**
 * Blocks of the disk of which only a part has come yet: the last one of an image, or sectors of 512 bytes for a disk with
 * 4096. Each byte comes once. What never comes are zeros.
 */
export class PartialBlocks {
  readonly #slab: Slab
  readonly #blockBytes: number
  readonly #blocks = new Map<number, Block>()
  readonly #free: number[]
  #expectation: Expectation | undefined

  constructor(slab: Slab, blockBytes: number) {
    this.#slab = slab
    this.#blockBytes = blockBytes
    this.#free = Array.from({ length: Math.floor(slab.bytes.length / blockBytes) }, (_, slot) => slot)
  }

  /** With this known a block is whole when its data has come, so that none waits for zeros, or zeros for their data. */
  expect(expectation: Expectation): void {
    this.#expectation = expectation
  }

  /** Adds `bytes` (null: zeros) at `position`, all within one block; returns the block when that makes it whole. */
  add(position: number, length: number, bytes: Uint8Array | null): WholeBlock | undefined {
    const start = position - (position % this.#blockBytes)
    const expected = this.#expectation?.(start, start + this.#blockBytes)
    if (!bytes && expected !== undefined && expected > 0) return undefined
    const block = this.#blocks.get(start) ?? this.#begin(start, expected ?? this.#blockBytes)
    const at = block.slot * this.#blockBytes
    if (bytes) this.#slab.bytes.set(bytes, at + position - start)
    block.filled += length
    if (block.filled < block.expected) return undefined
    return this.#end(start, block)
  }

  /** What is left, completed with zeros. */
  *rest(): Generator<WholeBlock> {
    for (const [start, block] of this.#blocks) yield this.#end(start, block)
  }

  clear(): void {
    for (const [start, block] of this.#blocks) this.release(this.#end(start, block))
    this.#expectation = undefined
  }

  /** To be called when the block was written. */
  release({ slot }: WholeBlock): void {
    this.#free.push(slot)
  }

  #begin(start: number, expected: number): Block {
    const slot = this.#free.pop()
    if (slot === undefined) {
      const advice = 'convert it with qemu-img convert -O qcow2, or to raw'
      throw new Fault('image_format_refused', `the image is too fragmented for the disk's sectors; ${advice}`)
    }
    const at = slot * this.#blockBytes
    this.#slab.bytes.fill(0, at, at + this.#blockBytes)
    const block = { slot, filled: 0, expected }
    this.#blocks.set(start, block)
    return block
  }

  #end(start: number, { slot }: Block): WholeBlock {
    this.#blocks.delete(start)
    return { slot, position: start, offset: this.#slab.offset + slot * this.#blockBytes }
  }
}

/** `offset` is where it is in the shared memory. */
export type WholeBlock = { slot: number; position: number; offset: number }
