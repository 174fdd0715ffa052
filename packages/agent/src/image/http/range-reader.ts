import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '@ferrite/shared/fault'
import { credentialFor, get } from './exchange.ts'
import type { BoundCredential, Exchange } from './exchange.ts'
import { imageUrl, shownUrl } from './image-url.ts'
import type { SourceRequest } from './image-source.ts'
import { contentRange, validatorOf } from './response-head.ts'
import { aborted } from './wire.ts'

type Mirror = { url: URL; validator?: string | undefined }

/**
 * Reads any part of an image by HTTP Range, several at a time if wanted. What was cut is asked for from where it was cut;
 * a mirror that fails is followed by the next. Fault image_refused with `noRanges` when no server knows ranges.
 */
export class RangeReader {
  bytesReceived = 0
  resumes = 0
  /** Length of the image, null until a server told it. */
  totalBytes: number | null = null
  readonly #mirrors: Mirror[]
  readonly #request: SourceRequest
  readonly #credential: BoundCredential | undefined
  readonly #signal: AbortSignal

  constructor(request: SourceRequest, signal: AbortSignal) {
    this.#request = request
    this.#signal = signal
    this.#mirrors = request.urls.map((text) => ({ url: imageUrl(text) }))
    this.#credential = credentialFor(request.authorization, this.#mirrors[0]?.url)
  }

  /** Fills `into` from `offset` of the image. */
  async readInto(into: Uint8Array, offset: number): Promise<void> {
    const { maxFruitlessAttempts, retryPauseMs } = this.#request.limits
    let filled = 0
    for (let fruitless = 0; filled < into.length;) {
      const mirror = this.#mirrors[0]
      if (!mirror) throw new Fault('invalid', 'no image URL was given')
      const before = filled
      const failure = await this.#once(mirror, into.subarray(filled), offset + filled, (bytes) => (filled += bytes))
      if (failure === undefined) continue
      if (this.#signal.aborted) throw aborted(this.#signal)
      fruitless = filled > before ? 0 : fruitless + 1
      if (!failure.retry || fruitless > maxFruitlessAttempts) this.#drop(mirror, failure)
      else if (fruitless > 0) await sleep(retryPauseMs, undefined, { signal: this.#signal })
      this.resumes += 1
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    await this.readInto(bytes, offset)
    return bytes
  }

  /** One request; resolves to its failure. */
  async #once(
    mirror: Mirror,
    into: Uint8Array,
    offset: number,
    arrived: (bytes: number) => void,
  ): Promise<Fault | undefined> {
    try {
      using exchange = await this.#ask(mirror, offset, into.length)
      try {
        await exchange.body.read(into)
      } finally {
        this.bytesReceived += exchange.body.delivered
        arrived(exchange.body.delivered)
      }
      return undefined
    } catch (error) {
      if (error instanceof Fault) return error
      throw error
    }
  }

  async #ask(mirror: Mirror, offset: number, length: number): Promise<Exchange> {
    const { limits, tls } = this.#request
    const exchange = await get(mirror.url, {
      tls,
      connectTimeoutMs: limits.connectTimeoutMs,
      stallTimeoutMs: limits.stallTimeoutMs,
      signal: this.#signal,
      credential: this.#credential,
      headers: { range: `bytes=${offset}-${offset + length - 1}` },
    })
    try {
      this.#check(mirror, exchange, { offset, length })
      return exchange
    } catch (error) {
      exchange[Symbol.dispose]()
      throw error
    }
  }

  #check(mirror: Mirror, { head, length }: Exchange, wanted: { offset: number; length: number }): void {
    const name = shownUrl(mirror.url)
    if (head.status !== 206) {
      throw new Fault('image_refused', `${name} does not answer requests for a part of a file (HTTP Range)`, {
        noRanges: true,
      })
    }
    const range = contentRange(head.headers.get('content-range'))
    const isExact = range?.start === wanted.offset && range.end === wanted.offset + wanted.length - 1
    if (!isExact || (length !== null && length !== wanted.length)) {
      throw new Fault('image_refused', `${name} answered with another part than was asked for`)
    }
    const validator = validatorOf(head)
    const isOther = mirror.validator !== undefined && validator !== mirror.validator
    if (isOther || (this.totalBytes !== null && range.total !== null && range.total !== this.totalBytes)) {
      throw new Fault('image_changed', `${name} changed while it was read`, { giveUp: true })
    }
    mirror.validator = validator
    this.totalBytes ??= range.total
  }

  #drop(mirror: Mirror, failure: Fault): void {
    // Several reads at a time may find the same mirror wanting.
    const index = this.#mirrors.indexOf(mirror)
    if (index !== -1) this.#mirrors.splice(index, 1)
    if (this.#mirrors.length === 0) throw failure
  }
}
