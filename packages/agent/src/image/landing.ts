import { Fault } from '@ferrite/shared/fault'
import type { Disk } from '../hardware/disk.ts'
import type { Digester } from './digester.ts'
import { tagBytes } from './digester.ts'
import { ExtentLog } from './extent-log.ts'
import { PartialBlocks } from './partial-blocks.ts'
import type { Expectation, WholeBlock } from './partial-blocks.ts'
import type { Counters } from './progress-meter.ts'
import type { SlabPool } from './slab-pool.ts'
import { WithheldEnds } from './withheld-ends.ts'
import { splitZeros } from './zero-runs.ts'
import { ZeroWriter } from './zero-writer.ts'

export type LandingParts = {
  disk: Disk
  pool: SlabPool
  digester: Digester
  counters: Counters
  /** Whether anybody will read back what is written here. */
  verify: boolean
  /** Called when something more has been written and noted. */
  onStored?: () => void
}

/** Bytes of the shared memory from `offset`, which belong at `position` of the disk. */
export type Piece = { offset: number; bytes: number; position: number }

/**
 * Where every byte of an image arrives, whatever its format: keeps back the ends of the disk, leaves zeros to the disk,
 * writes the rest and notes what is to be read back. Each byte of the disk comes once, in any order.
 */
export class Landing {
  readonly ends: WithheldEnds
  readonly log = new ExtentLog()
  readonly #parts: LandingParts
  readonly #memory: Uint8Array<SharedArrayBuffer>
  readonly #partial: PartialBlocks
  #zeros: ZeroWriter

  constructor(parts: LandingParts) {
    this.#parts = parts
    this.#memory = new Uint8Array(parts.pool.memory)
    this.ends = new WithheldEnds(parts.disk)
    this.#partial = new PartialBlocks(parts.pool.reserve(), parts.disk.alignment)
    this.#zeros = this.#zeroWriter()
  }

  get bytesZeroedByDevice(): number {
    return this.#zeros.bytesByDevice
  }

  /** What is known of an image that does not come in the order of the disk, or not in whole blocks of it. */
  expect(expectation: Expectation): void {
    this.#partial.expect(expectation)
  }

  /** Resolves when the memory may be used again. Fault image_too_large beyond the disk. */
  async put({ offset, bytes, position }: Piece): Promise<void> {
    const { disk, counters } = this.#parts
    if (position + bytes > disk.sizeBytes) throw tooLarge(disk)
    const work: Promise<void>[] = []
    const block = disk.alignment
    const isAligned = position % block === 0 && offset % block === 0
    const whole = isAligned ? bytes - (bytes % block) : 0
    if (whole > 0) this.#blocks({ offset, bytes: whole, position }, work)
    if (whole < bytes) {
      this.#parting(position + whole, bytes - whole, this.#memory.subarray(offset + whole, offset + bytes), work)
    }
    await allOf(work)
    counters.written += bytes
  }

  /** A range of the disk that shall read as zeros. */
  async putZeros(position: number, bytes: number): Promise<void> {
    const { disk, counters } = this.#parts
    if (position + bytes > disk.sizeBytes) throw tooLarge(disk)
    const work: Promise<void>[] = []
    const block = disk.alignment
    const from = Math.min(position + bytes, Math.ceil(position / block) * block)
    const to = Math.max(from, position + bytes - ((position + bytes) % block))
    if (from > position) this.#parting(position, from - position, null, work)
    if (to > from) this.#zeroBlocks(from, to - from, work)
    if (position + bytes > to) this.#parting(to, position + bytes - to, null, work)
    await allOf(work)
    counters.written += bytes
  }

  /** Everything is on its way to the disk no more, but there. */
  async finish(): Promise<void> {
    const work: Promise<void>[] = []
    for (const block of this.#partial.rest()) work.push(this.#writeBlock(block))
    await allOf(work)
    await this.#zeros.finish()
  }

  /** Forgets everything: the image begins again. */
  async clear(): Promise<void> {
    await this.#zeros.finish()
    this.#zeros = this.#zeroWriter()
    this.#partial.clear()
    this.ends.clear()
    this.log.clear()
    this.#parts.counters.written = 0
  }

  #zeroWriter(): ZeroWriter {
    return new ZeroWriter(this.#parts.disk, this.#parts.verify ? this.log : undefined)
  }

  #blocks({ offset, bytes, position }: Piece, work: Promise<void>[]): void {
    const now = this.ends.keep(this.#memory.subarray(offset, offset + bytes), position)
    if (now.bytes === 0) return
    const start = offset + now.offset - position
    splitZeros(this.#memory.subarray(start, start + now.bytes), (from, to, isZero) => {
      const place = now.offset + from
      if (isZero) work.push(this.#zeros.add({ offset: place, bytes: to - from }))
      else work.push(this.#write({ offset: start + from, bytes: to - from, position: place }))
    })
  }

  #zeroBlocks(position: number, bytes: number, work: Promise<void>[]): void {
    const now = this.ends.keepZeros({ offset: position, bytes })
    if (now.bytes > 0) work.push(this.#zeros.add(now))
  }

  async #write({ offset, bytes, position }: Piece): Promise<void> {
    const { disk, digester, verify } = this.#parts
    const stored = disk.write(this.#memory.subarray(offset, offset + bytes), position)
    if (!verify) return stored
    const tag = new Uint8Array(tagBytes)
    await allOf([digester.tag({ offset, bytes }, tag), stored])
    this.log.add({ offset: position, bytes, tag })
    this.#parts.onStored?.()
  }

  /** What is not made of whole blocks of the disk goes there block by block; null stands for zeros. */
  #parting(position: number, bytes: number, from: Uint8Array | null, work: Promise<void>[]): void {
    const size = this.#parts.disk.alignment
    for (let done = 0; done < bytes;) {
      const at = position + done
      const length = Math.min(bytes - done, size - (at % size))
      const block = this.#partial.add(at, length, from && from.subarray(done, done + length))
      if (block) work.push(this.#writeBlock(block))
      done += length
    }
  }

  async #writeBlock(block: WholeBlock): Promise<void> {
    const work: Promise<void>[] = []
    this.#blocks({ offset: block.offset, bytes: this.#parts.disk.alignment, position: block.position }, work)
    await allOf(work)
    this.#partial.release(block)
  }
}

/** Both disk and hash must have let go of the memory before it is used again, so all are waited for. */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  if (work.length === 1) return void (await work[0])
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason
}

export const tooLarge = (disk: Disk, bytes?: number): Fault =>
  new Fault(
    'image_too_large',
    bytes === undefined
      ? `the image is larger than ${disk.path}, which has ${disk.sizeBytes} bytes`
      : `the image has ${bytes} bytes, but ${disk.path} only ${disk.sizeBytes}`,
  )
