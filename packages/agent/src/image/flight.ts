/** Work in flight: remembers the first failure, tells about it at once, and waits until nothing is running any more. */
export class Flight {
  readonly #running = new Set<Promise<void>>()
  readonly #onFailure: (error: unknown) => void
  #failure: { error: unknown } | undefined

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  add(work: Promise<void>): void {
    const watched = work
      .catch((error: unknown) => {
        if (!this.#failure) {
          this.#failure = { error }
          this.#onFailure(error)
        }
      })
      .finally(() => this.#running.delete(watched))
    this.#running.add(watched)
  }

  /** Resolves when all has ended, whether well or not. */
  async landed(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** Throws the first failure, if there was one. */
  check(): void {
    if (this.#failure) throw this.#failure.error
  }
}
