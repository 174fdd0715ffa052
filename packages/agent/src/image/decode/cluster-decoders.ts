import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Fault } from '@ferrite/shared/fault'
import type { ClusterReply, ClusterWork, ClusterWorkerData } from './cluster-worker.ts'

const mostThreads = 4

type Batch = { resolve: () => void; reject: (error: unknown) => void; thread: number }

/** Threads that decode compressed clusters, as many as there are cores. */
export class ClusterDecoders implements AsyncDisposable {
  readonly #threads: { worker: Worker; busy: number }[]
  readonly #batches = new Map<number, Batch>()
  #number = 0
  #failure: unknown

  constructor(workerData: ClusterWorkerData) {
    // Beside this file in a checkout (.ts) and in a bundle (.mjs).
    const file = new URL(`./cluster-worker${extname(new URL(import.meta.url).pathname)}`, import.meta.url)
    const count = Math.min(mostThreads, availableParallelism())
    this.#threads = Array.from({ length: count }, () => {
      const worker = new Worker(file, { workerData, execArgv: [] })
      worker.on('message', (reply: ClusterReply) => this.#onReply(reply))
      worker.on('error', (error) => this.#fail(error))
      worker.on('exit', () => this.#fail(new Fault('bug', 'a decoding thread ended')))
      return { worker, busy: 0 }
    })
  }

  /** Four numbers for each cluster, as `ClusterWork` has them. Fault image_refused when one cannot be decoded. */
  decode(clusters: Float64Array): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const thread = this.#idlest()
    const number = this.#number++
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#batches.set(number, { resolve, reject, thread })
    const work: ClusterWork = { number, clusters }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#threads[thread]?.worker.postMessage(work)
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { worker } of this.#threads) worker.removeAllListeners('exit')
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
    this.#fail(new Fault('aborted', 'the decoder was stopped'))
  }

  #idlest(): number {
    let best = 0
    for (const [index, { busy }] of this.#threads.entries()) {
      if (busy < (this.#threads[best]?.busy ?? 0)) best = index
    }
    const thread = this.#threads[best]
    if (thread) thread.busy += 1
    return best
  }

  #onReply({ number, failure }: ClusterReply): void {
    const batch = this.#batches.get(number)
    this.#batches.delete(number)
    const thread = this.#threads[batch?.thread ?? 0]
    if (thread) thread.busy -= 1
    if (failure === undefined) batch?.resolve()
    else {
      const cause = new Error(failure)
      batch?.reject(new Fault('image_refused', 'a compressed cluster of the qcow2 image cannot be decoded', { cause }))
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    for (const { reject } of this.#batches.values()) reject(this.#failure)
    this.#batches.clear()
  }
}
