import { Fault } from '@ferrite/shared/fault'
import { allocateAligned } from '../hardware/disk.ts'
import type { Disk } from '../hardware/disk.ts'
import { endBytes } from '../disk/wipe.ts'

type End = { offset: number; kept: Uint8Array; scratch: Uint8Array; used: boolean }

/** Offset and length on the disk. */
export type Range = { offset: number; bytes: number }

/**
 * Keeps back what firmware looks at, the first MiB and the last MiB of the disk (where a backup partition table would
 * be), until `release`. The disk's own ends are zero in the meantime.
 */
export class WithheldEnds {
  readonly #disk: Disk
  readonly #ends: End[]
  /** What may be written at once. */
  readonly #middle: Range

  constructor(disk: Disk) {
    const head = Math.min(endBytes, disk.sizeBytes)
    const tail = Math.min(endBytes, disk.sizeBytes - head)
    this.#disk = disk
    this.#ends = [
      { offset: disk.sizeBytes - tail, kept: allocateAligned(tail), scratch: allocateAligned(tail), used: false },
      { offset: 0, kept: allocateAligned(head), scratch: allocateAligned(head), used: false },
    ]
    this.#middle = { offset: head, bytes: disk.sizeBytes - tail - head }
  }

  /** Copies what must wait out of `bytes`, which belong at `offset`, and returns the range that need not. */
  keep(bytes: Uint8Array, offset: number): Range {
    for (const end of this.#ends) {
      const from = Math.max(offset, end.offset)
      const to = Math.min(offset + bytes.length, end.offset + end.kept.length)
      if (from >= to) continue
      end.kept.set(bytes.subarray(from - offset, to - offset), from - end.offset)
      end.used = true
    }
    return this.#within(offset, bytes.length)
  }

  /** The same for zeros, which are what is kept unless something else was. */
  keepZeros({ offset, bytes }: Range): Range {
    for (const end of this.#ends) {
      if (offset < end.offset + end.kept.length && offset + bytes > end.offset) end.used = true
    }
    return this.#within(offset, bytes)
  }

  /** Puts what is kept of the range into `bytes`, which were read from the disk at `offset`. */
  overlay(bytes: Uint8Array, offset: number): void {
    for (const end of this.#ends) {
      const from = Math.max(offset, end.offset)
      const to = Math.min(offset + bytes.length, end.offset + end.kept.length)
      if (from < to) bytes.set(end.kept.subarray(from - end.offset, to - end.offset), from - offset)
    }
  }

  /** Forgets what was kept: the image begins again. */
  clear(): void {
    for (const end of this.#ends) {
      end.kept.fill(0)
      end.used = false
    }
  }

  /** Makes the disk whole: the last MiB first, the boot block as the very last, each flushed; then both are read again. */
  async release(): Promise<void> {
    const used = this.#ends.filter((end) => end.used && end.kept.length > 0)
    for (const end of used) {
      await this.#disk.write(end.kept, end.offset)
      await this.#disk.flush()
    }
    await this.#disk.dropCache()
    for (const end of used) {
      await this.#disk.read(end.scratch, end.offset)
      if (Buffer.compare(end.scratch, end.kept) === 0) continue
      const message = `${this.#disk.path} does not give back what was written at offset ${end.offset}`
      throw new Fault('disk_verify_failed', message, { offset: end.offset, bytes: end.kept.length })
    }
  }

  #within(offset: number, bytes: number): Range {
    const from = Math.max(offset, this.#middle.offset)
    const to = Math.min(offset + bytes, this.#middle.offset + this.#middle.bytes)
    return { offset: from, bytes: Math.max(0, to - from) }
  }
}
