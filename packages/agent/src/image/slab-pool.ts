import { Fault } from '@ferrite/shared/fault'
import { allocateAligned } from '../hardware/disk.ts'

export const slabBytes = 4 * 1024 * 1024

/** One page-aligned piece of the shared memory; `offset` is where it begins there. */
export type Slab = { readonly bytes: Uint8Array<SharedArrayBuffer>; readonly offset: number }

/** A fixed number of slabs that go round: whoever is too fast waits here, and nothing is allocated while writing. */
export class SlabPool {
  readonly memory: SharedArrayBuffer
  readonly #free: Slab[] = []
  readonly #waiting: ((slab: Slab) => void)[] = []

  constructor(count: number) {
    const all = allocateAligned(count * slabBytes)
    this.memory = all.buffer
    for (let index = 0; index < count; index++) {
      const offset = index * slabBytes
      this.#free.unshift({ bytes: all.subarray(offset, offset + slabBytes), offset })
    }
  }

  /** Slabs that nobody uses now. */
  get idle(): number {
    return this.#free.length
  }

  take(): Promise<Slab> {
    const slab = this.#free.pop()
    return slab ? Promise.resolve(slab) : new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** A slab that is not given back. To be called before the slabs go round. */
  reserve(): Slab {
    const slab = this.#free.pop()
    if (!slab) throw new Fault('bug', 'no slab is left to be set aside')
    return slab
  }

  give(slab: Slab): void {
    const next = this.#waiting.shift()
    if (next) next(slab)
    else this.#free.push(slab)
  }
}
