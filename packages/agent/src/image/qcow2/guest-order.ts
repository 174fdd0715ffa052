import { ascendingOrder } from './ascending-order.ts'
import type { RunList } from './run-list.ts'

/** The runs in the order of the disk, of which no two have the same bytes. What has no place there comes first. */
export class GuestOrder {
  readonly #runs: RunList
  readonly #order: Uint32Array

  constructor(runs: RunList) {
    this.#runs = runs
    this.#order = ascendingOrder(runs.guest, runs.count)
  }

  get count(): number {
    return this.#order.length
  }

  /** Where the run begins on the disk, -1 when it has no place there. */
  startOf(index: number): number {
    return this.#runs.guest[this.#order[index] ?? 0] ?? 0
  }

  endOf(index: number): number {
    const run = this.#order[index] ?? 0
    const size = this.#runs.size[run] ?? 0
    return this.startOf(index) + (this.#runs.kindOf(run) === 'compressed' ? size * this.#runs.clusterSize : size)
  }

  /** How many bytes of a part of the disk come from the file. */
  bytesBetween(start: number, end: number): number {
    let bytes = 0
    for (let index = this.#firstAfter(start); index < this.count && this.startOf(index) < end; index += 1) {
      bytes += Math.min(end, this.endOf(index)) - Math.max(start, this.startOf(index))
    }
    return bytes
  }

  /** The first run that ends after `place`. */
  #firstAfter(place: number): number {
    let [low, high] = [0, this.count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.startOf(middle) >= 0 && this.endOf(middle) > place) high = middle
      else low = middle + 1
    }
    return low
  }
}
