/** At most so many inside at a time; whoever comes then waits for one to leave. */
export class Room {
  #left: number
  readonly #waiting: (() => void)[] = []

  constructor(places: number) {
    this.#left = places
  }

  async enter(): Promise<void> {
    if (this.#left === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#left -= 1
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#left += 1
  }
}
