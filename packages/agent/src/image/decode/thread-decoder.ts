import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Fault } from '@ferrite/shared/fault'
import type { CompressionFormat } from '../format/image-formats.ts'
import { badStream } from './bad-stream.ts'
import type { Decoder } from './decoded-source.ts'
import type { StreamReply, StreamWork, StreamWorkerData } from './stream-worker.ts'

type Promised<T> = { resolve: (value: T) => void; reject: (error: unknown) => void }

/** gzip and zstd in a thread of its own, over shared memory. */
export function openThreadDecoder(format: CompressionFormat, memory: SharedArrayBuffer): Decoder {
  return new ThreadDecoder(format, memory)
}

class ThreadDecoder implements Decoder {
  readonly #format: CompressionFormat
  readonly #worker: Worker
  readonly #fed = new Map<number, Promised<void>>()
  #reading: Promised<number> | undefined
  #failure: unknown
  #ended = false

  constructor(format: CompressionFormat, memory: SharedArrayBuffer) {
    this.#format = format
    const workerData = { memory, format } as StreamWorkerData
    // Beside this file in a checkout (.ts) and in a bundle (.mjs).
    const file = new URL(`./stream-worker${extname(new URL(import.meta.url).pathname)}`, import.meta.url)
    this.#worker = new Worker(file, { workerData, execArgv: [] })
    this.#worker.on('message', (reply: StreamReply) => this.#onReply(reply))
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.on('exit', () => this.#fail(new Fault('bug', 'the decoding thread ended')))
  }

  feed(bytes: Uint8Array, last: boolean): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#fed.set(bytes.byteOffset, { resolve, reject })
    this.#post({ kind: 'input', offset: bytes.byteOffset, bytes: bytes.length, last })
    return promise
  }

  read(into: Uint8Array): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#ended) return Promise.resolve(0)
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    this.#reading = { resolve, reject }
    this.#post({ kind: 'output', offset: into.byteOffset, bytes: into.length })
    return promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#worker.removeAllListeners('exit')
    await this.#worker.terminate()
    this.#fail(new Fault('aborted', 'the decoder was stopped'))
  }

  #post(work: StreamWork): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(work)
  }

  #onReply(reply: StreamReply): void {
    if (reply.kind === 'failed') return this.#fail(badStream(this.#format, reply))
    if (reply.kind === 'taken') {
      this.#fed.get(reply.offset)?.resolve()
      this.#fed.delete(reply.offset)
      return
    }
    this.#ended = reply.ended
    this.#reading?.resolve(reply.bytes)
    this.#reading = undefined
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#reading?.reject(this.#failure)
    for (const { reject } of this.#fed.values()) reject(this.#failure)
    this.#fed.clear()
    this.#reading = undefined
  }
}
