import type { WriteLimits } from '../request.ts'

/** Connections that bring less than this, one after another, are made ever more slowly. */
const littleBytes = 64 * 1024
const stepMs = 10
const longestMs = 250

/** The account of lost connections: how many in a row brought nothing new, and how long to wait before the next one. */
export class Reconnections {
  /** In a row, without a byte beyond the furthest one ever reached. */
  fruitless = 0
  #furthest = 0
  #furthestBefore = 0
  #poor = 0

  reached(position: number): void {
    if (position <= this.#furthest) return
    this.#furthest = position
    this.fruitless = 0
  }

  lost(): void {
    this.fruitless += 1
    this.#poor = this.#furthest - this.#furthestBefore < littleBytes ? this.#poor + 1 : 0
    this.#furthestBefore = this.#furthest
  }

  /**
   * The first try after progress is made at once, and so is the first try of another mirror; but a server that lets go
   * after a few bytes each time is not asked hundreds of times a second.
   */
  pauseMs({ retryPauseMs }: WriteLimits, { mayTryAtOnce, asked }: { mayTryAtOnce: boolean; asked: number }): number {
    if (this.fruitless > 1 || !mayTryAtOnce) return Math.max(retryPauseMs, asked)
    return this.#poor > 1 ? Math.min(longestMs, retryPauseMs, this.#poor * stepMs) : 0
  }
}
