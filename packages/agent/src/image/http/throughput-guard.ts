import { Fault } from '@ferrite/shared/fault'
import { formatRate } from '@ferrite/shared/units'

/** Finds a server that sends, but too slowly. Only time spent waiting for the network counts, over all connections. */
export class ThroughputGuard {
  readonly #minBytesPerSecond: number
  readonly #windowMs: number
  #bytes = 0
  #waitedMs = 0
  #slow = false

  constructor(minBytesPerSecond: number, windowMs: number) {
    this.#minBytesPerSecond = minBytesPerSecond
    this.#windowMs = windowMs
  }

  count(bytes: number): void {
    this.#bytes += bytes
  }

  waited(ms: number): void {
    this.#waitedMs += ms
    if (this.#waitedMs < this.#windowMs) return
    this.#slow = (this.#bytes * 1000) / this.#waitedMs < this.#minBytesPerSecond
    this.#bytes = 0
    this.#waitedMs = 0
  }

  tooSlow(): boolean {
    return this.#slow
  }

  /** For the next mirror: forgets what the last one did. */
  reset(): void {
    this.#bytes = 0
    this.#waitedMs = 0
    this.#slow = false
  }

  fault(name: string): Fault {
    const limit = formatRate(this.#minBytesPerSecond)
    return new Fault('image_stalled', `${name} sends less than ${limit}`, { giveUp: true })
  }
}
