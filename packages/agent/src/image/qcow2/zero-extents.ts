import { ascendingOrder } from './ascending-order.ts'
import type { RunList } from './run-list.ts'

/** Goes through what no run has of the disk, from front to back. */
export class ZeroExtents {
  guestOffset = 0
  length = 0
  readonly #runs: RunList
  readonly #virtualSize: number
  readonly #order: Uint32Array
  #index = 0

  constructor(runs: RunList, virtualSize: number) {
    this.#runs = runs
    this.#virtualSize = virtualSize
    this.#order = ascendingOrder(runs.guest, runs.count)
  }

  /** False: there are no more. */
  next(): boolean {
    const { guest } = this.#runs
    let end = this.guestOffset + this.length
    for (; this.#index < this.#order.length; this.#index += 1) {
      const run = this.#order[this.#index] ?? 0
      const start = guest[run] ?? 0
      if (start < 0) continue
      if (start > end) return this.#set(end, start)
      end = Math.max(end, start + this.#bytesOf(run))
    }
    return this.#set(end, this.#virtualSize)
  }

  #bytesOf(run: number): number {
    const size = this.#runs.size[run] ?? 0
    return this.#runs.kindOf(run) === 'compressed' ? size * this.#runs.clusterSize : size
  }

  #set(start: number, end: number): boolean {
    this.guestOffset = start
    this.length = Math.max(0, end - start)
    return this.length > 0
  }
}
