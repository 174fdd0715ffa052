import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Fault } from '@ferrite/shared/fault'
import type { Span } from '../digester.ts'
import type { ChunkReply, ChunkWork } from './chunk-worker.ts'

const mostThreads = 8

/** Threads that hash parts of the shared memory, each part for itself, as many as there are cores. */
export class ChunkHashers implements AsyncDisposable {
  readonly #workers: Worker[]
  readonly #waiting = new Map<number, { resolve: (digest: string) => void; reject: (error: unknown) => void }>()
  #number = 0
  #failure: unknown

  constructor(memory: SharedArrayBuffer) {
    // Beside this file in a checkout (.ts) and in a bundle (.mjs).
    const file = new URL(`./chunk-worker${extname(new URL(import.meta.url).pathname)}`, import.meta.url)
    this.#workers = Array.from({ length: Math.min(mostThreads, availableParallelism()) }, () => {
      const worker = new Worker(file, { workerData: memory, execArgv: [] })
      worker.on('message', ({ number, digest }: ChunkReply) => {
        this.#waiting.get(number)?.resolve(digest)
        this.#waiting.delete(number)
      })
      worker.on('error', (error) => this.#fail(error))
      worker.on('exit', () => this.#fail(new Fault('bug', 'a hashing thread ended')))
      return worker
    })
  }

  /** sha256 of a part of the memory, in hex. */
  sha256({ offset, bytes }: Span): Promise<string> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const work: ChunkWork = { number: this.#number++, offset, bytes }
    this.#waiting.set(work.number, { resolve, reject })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#workers[work.number % this.#workers.length]?.postMessage(work)
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) worker.removeAllListeners('exit')
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
    this.#fail(new Fault('aborted', 'the hashing was stopped'))
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#failure)
    this.#waiting.clear()
  }
}
