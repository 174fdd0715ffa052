import { readExtent } from './read-back.ts'
import type { ReadBack } from './read-back.ts'

/** Slabs that must lie idle: only then is it the network that everything waits for. */
const idleSlabs = 8
/** So many bytes at a time, so that a rotating disk has to go back only now and then. */
const batchBytes = 128 * 1024 * 1024

/**
 * Reads back during the download what has been written and flushed, for as long as disk and processor have nothing better
 * to do; `readBack` does the rest at the end. Only for disks that are read around the page cache: the cache proves nothing.
 */
export class ReadBehind implements AsyncDisposable {
  readonly #job: ReadBack
  readonly #onFailure: (error: unknown) => void
  readonly #batchBytes: number
  #next = 0
  #bytes = 0
  #batch: Promise<void> | undefined
  #failure: { error: unknown } | undefined
  #closed = false

  constructor(job: ReadBack, onFailure: (error: unknown) => void, batch = batchBytes) {
    this.#job = job
    this.#onFailure = onFailure
    this.#batchBytes = batch
  }

  /** To be called when something has been written. */
  nudge(): void {
    const { disk, log } = this.#job
    const isWorthIt = disk.direct && log.bytes - this.#bytes >= this.#batchBytes && this.#hasTime()
    if (this.#batch || this.#closed || this.#failure || !isWorthIt) return
    this.#batch = this.#read().then(
      () => (this.#batch = undefined),
      (error: unknown) => {
        this.#batch = undefined
        this.#failure = { error }
        this.#onFailure(error)
      },
    )
  }

  /** Stops; returns how many extents of the log need not be read any more. Throws what was found to be wrong. */
  async finish(): Promise<number> {
    await this[Symbol.asyncDispose]()
    if (this.#failure) throw this.#failure.error
    return this.#next
  }

  /** Forgets everything: the image begins again. */
  async clear(): Promise<void> {
    await this[Symbol.asyncDispose]()
    this.#next = 0
    this.#bytes = 0
    this.#job.counters.verified = 0
    this.#closed = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await this.#batch
  }

  #hasTime(): boolean {
    return this.#job.pool.idle >= idleSlabs && !this.#job.signal.aborted
  }

  async #read(): Promise<void> {
    const { disk, log } = this.#job
    const end = log.count
    await disk.flush()
    while (this.#next < end && !this.#closed && this.#hasTime()) {
      await readExtent(this.#job, this.#next)
      this.#bytes += log.at(this.#next).bytes
      this.#next += 1
    }
  }
}
