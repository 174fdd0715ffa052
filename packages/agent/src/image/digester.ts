import { randomBytes } from 'node:crypto'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Fault } from '@ferrite/shared/fault'

export const tagBytes = 16

export type DigestWorkerData = {
  memory: SharedArrayBuffer
  algorithm: string
  key: Uint8Array
  slots: Uint8Array<SharedArrayBuffer>
  slotBytes: number
}
export type DigestWork = {
  slot: number
  hashOffset: number
  hashBytes: number
  tagOffset: number
  tagBytes: number
  reset?: boolean
  finish?: boolean
}
export type DigestReply = { slot: number; digest?: string }

/** A part of the shared memory. */
export type Span = { offset: number; bytes: number }
const nothing: Span = { offset: 0, bytes: 0 }

const slotCount = 64

/**
 * A thread of its own that hashes what is received, in order, and tags what is sent to the disk, over shared memory:
 * the bytes themselves are never copied.
 */
export class Digester implements AsyncDisposable {
  readonly #worker: Worker
  readonly #slots = new Uint8Array(new SharedArrayBuffer(slotCount * tagBytes))
  readonly #free = Array.from({ length: slotCount }, (_, slot) => slot)
  readonly #waiting = new Map<number, { resolve: (reply: DigestReply) => void; reject: (error: Error) => void }>()
  #failure: Error | undefined

  constructor(memory: SharedArrayBuffer, algorithm: string) {
    const data: DigestWorkerData = {
      memory,
      algorithm,
      key: randomBytes(16),
      slots: this.#slots,
      slotBytes: tagBytes,
    }
    // Beside this file in a checkout (.ts) and in a bundle (.mjs).
    const file = new URL(`./digest-worker${extname(new URL(import.meta.url).pathname)}`, import.meta.url)
    this.#worker = new Worker(file, { workerData: data, execArgv: [] })
    this.#worker.on('message', (reply: DigestReply) => {
      this.#waiting.get(reply.slot)?.resolve(reply)
      this.#waiting.delete(reply.slot)
    })
    this.#worker.on('error', (error) => this.#fail(error as Error))
    this.#worker.on('exit', () => this.#fail(new Fault('bug', 'the hashing thread ended')))
  }

  /** Adds `source` to the digest and puts the tag of `sent` into `tag`. Calls are worked off in order. */
  async absorb(source: Span, sent: Span, tag: Uint8Array): Promise<void> {
    const { slot } = await this.#ask(source, sent)
    tag.set(this.#slots.subarray(slot * tagBytes, (slot + 1) * tagBytes))
    this.#free.push(slot)
  }

  /** The tag of a part of the memory, for comparison with one of `absorb`. */
  async tag(span: Span, tag: Uint8Array): Promise<void> {
    await this.absorb(nothing, span, tag)
  }

  /** Hex digest of everything absorbed since the beginning or the last reset. */
  async finish(): Promise<string> {
    const { slot, digest } = await this.#ask(nothing, nothing, { finish: true })
    this.#free.push(slot)
    return digest ?? ''
  }

  async reset(): Promise<void> {
    const { slot } = await this.#ask(nothing, nothing, { reset: true })
    this.#free.push(slot)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#worker.removeAllListeners('exit')
    await this.#worker.terminate()
  }

  #ask(source: Span, sent: Span, also: { reset?: boolean; finish?: boolean } = {}): Promise<DigestReply> {
    const slot = this.#free.pop()
    if (this.#failure) return Promise.reject(this.#failure)
    if (slot === undefined) return Promise.reject(new Fault('bug', 'more work for the hashing thread than slots'))
    const work: DigestWork = {
      slot,
      hashOffset: source.offset,
      hashBytes: source.bytes,
      tagOffset: sent.offset,
      tagBytes: sent.bytes,
      ...also,
    }
    return new Promise((resolve, reject) => {
      this.#waiting.set(slot, { resolve, reject })
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      this.#worker.postMessage(work)
    })
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
