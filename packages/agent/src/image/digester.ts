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

type Asked = { resolve: (reply: DigestReply) => void; reject: (error: Error) => void }

/** A part of the shared memory. */
export type Span = { offset: number; bytes: number }
const nothing: Span = { offset: 0, bytes: 0 }

const slotCount = 256

/**
 * A thread of its own that hashes what is received, in order, and tags what is sent to the disk, over shared memory:
 * the bytes themselves are never copied.
 */
export class Digester implements AsyncDisposable {
  readonly #worker: Worker
  readonly #slots = new Uint8Array(new SharedArrayBuffer(slotCount * tagBytes))
  readonly #free = Array.from({ length: slotCount }, (_, slot) => slot)
  readonly #waiting = new Map<number, Asked>()
  /** Beyond the slots there are, in the order of asking. */
  readonly #queue: { work: Omit<DigestWork, 'slot'>; asked: Asked }[] = []
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

  /** Adds a part of the memory to the digest, in the order of the calls. */
  async hash(span: Span): Promise<void> {
    const { slot } = await this.#ask(span, nothing)
    this.#release(slot)
  }

  /** Puts the tag of a part of the memory into `tag`: the same bytes have the same one. */
  async tag(span: Span, tag: Uint8Array): Promise<void> {
    const { slot } = await this.#ask(nothing, span)
    tag.set(this.#slots.subarray(slot * tagBytes, (slot + 1) * tagBytes))
    this.#release(slot)
  }

  /** Hex digest of everything hashed since the beginning or the last reset. */
  async finish(): Promise<string> {
    const { slot, digest } = await this.#ask(nothing, nothing, { finish: true })
    this.#release(slot)
    return digest ?? ''
  }

  async reset(): Promise<void> {
    const { slot } = await this.#ask(nothing, nothing, { reset: true })
    this.#release(slot)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#worker.removeAllListeners('exit')
    await this.#worker.terminate()
  }

  #ask(source: Span, sent: Span, also: { reset?: boolean; finish?: boolean } = {}): Promise<DigestReply> {
    if (this.#failure) return Promise.reject(this.#failure)
    const { promise, resolve, reject } = Promise.withResolvers<DigestReply>()
    const work = {
      hashOffset: source.offset,
      hashBytes: source.bytes,
      tagOffset: sent.offset,
      tagBytes: sent.bytes,
      ...also,
    }
    this.#queue.push({ work, asked: { resolve, reject } })
    this.#send()
    return promise
  }

  #release(slot: number): void {
    this.#free.push(slot)
    this.#send()
  }

  #send(): void {
    while (this.#queue.length > 0) {
      const slot = this.#free.pop()
      if (slot === undefined) return
      const next = this.#queue.shift()
      if (!next) return
      this.#waiting.set(slot, next.asked)
      const work: DigestWork = { slot, ...next.work }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      this.#worker.postMessage(work)
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
    for (const { asked } of this.#queue.splice(0)) asked.reject(error)
    this.#waiting.clear()
  }
}
