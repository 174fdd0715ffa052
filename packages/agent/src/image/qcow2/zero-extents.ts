import type { GuestOrder } from './guest-order.ts'

/** Goes through what no run has of the disk, from front to back. */
export class ZeroExtents {
  guestOffset = 0
  length = 0
  readonly #order: GuestOrder
  readonly #virtualSize: number
  #index = 0

  constructor(order: GuestOrder, virtualSize: number) {
    this.#order = order
    this.#virtualSize = virtualSize
  }

  /** False: there are no more. */
  next(): boolean {
    const order = this.#order
    let end = this.guestOffset + this.length
    for (; this.#index < order.count; this.#index += 1) {
      const start = order.startOf(this.#index)
      if (start < 0) continue
      if (start > end) return this.#set(end, start)
      end = Math.max(end, order.endOf(this.#index))
    }
    return this.#set(end, this.#virtualSize)
  }

  #set(start: number, end: number): boolean {
    this.guestOffset = start
    this.length = Math.max(0, end - start)
    return this.length > 0
  }
}
