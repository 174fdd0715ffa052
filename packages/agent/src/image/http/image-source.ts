import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, isFault } from '@ferrite/shared/fault'
import type { ByteSource } from '../byte-source.ts'
import type { WriteRequest } from '../request.ts'
import { checkRange } from './check-range.ts'
import { credentialFor, get } from './exchange.ts'
import type { BoundCredential, Exchange, GetOptions } from './exchange.ts'
import { Mirrors } from './mirrors.ts'
import { validatorOf } from './response-head.ts'
import { Reconnections } from './reconnections.ts'
import { ThroughputGuard } from './throughput-guard.ts'
import { aborted } from './wire.ts'

export type SourceRequest = Pick<WriteRequest, 'urls' | 'authorization' | 'tls' | 'limits'>

/** The image begins again at its first byte: whoever reads must forget what it has. */
export class StartedAnew extends Error {
  override readonly name = 'StartedAnew'
}

const maxStarts = 5

/**
 * One image from the first mirror that gives it, as an uninterrupted stream: a lost connection is resumed with Range and
 * If-Range. `read` throws StartedAnew when only a beginning from zero is possible, and a Fault when nothing more can help.
 */
export class ImageSource implements ByteSource, Disposable {
  /** Bytes that had to be thrown away, and connections after the first. */
  bytesWasted = 0
  resumes = 0
  /** Length of the whole image, null when the server does not say. */
  totalBytes: number | null = null
  readonly #mirrors: Mirrors
  readonly #credential: BoundCredential | undefined
  readonly #request: SourceRequest
  readonly #signal: AbortSignal
  readonly #guard: ThroughputGuard
  #exchange: Exchange | undefined
  /** Of former reads, and how much of the current body is already in it. */
  #received = 0
  #counted = 0
  #validator: string | undefined
  #position = 0
  #reconnections = new Reconnections()
  #starts = 0
  #lastFailure: Fault | undefined

  constructor(request: SourceRequest, signal: AbortSignal) {
    this.#request = request
    this.#signal = signal
    this.#mirrors = new Mirrors(request.urls)
    this.#credential = credentialFor(request.authorization, this.#mirrors.current)
    this.#guard = new ThroughputGuard(request.limits.minBytesPerSecond, request.limits.throughputWindowMs)
  }

  /** The mirror in use, as it may be shown. */
  get url(): string {
    return this.#mirrors.shown
  }

  /** Bytes that came over the network, up to this moment. */
  get bytesReceived(): number {
    return this.#received + (this.#exchange?.body.delivered ?? this.#counted) - this.#counted
  }

  /** Connects, so that length and refusals are known before anything is destroyed. */
  async open(): Promise<void> {
    await this.#connected()
  }

  async read(into: Uint8Array): Promise<number> {
    let filled = 0
    while (filled < into.length) {
      const { body } = await this.#connected()
      const rest = into.subarray(filled)
      const before = body.delivered
      let failure = await failureOf(body.read(rest))
      const bytes = body.delivered - before
      filled += bytes
      this.#advance(bytes)
      if (failure === undefined && bytes < rest.length) {
        if (this.totalBytes === null || this.#position >= this.totalBytes) return filled
        failure = new Fault('image_truncated', `${this.url} ended at byte ${this.#position} of ${this.totalBytes}`)
      }
      if (failure !== undefined && filled < into.length) await this.#recover(failure)
    }
    return filled
  }

  /**
   * What the mirror in use gave is not the image: throws StartedAnew for the next mirror, from its first byte, and
   * `failure` where there is none.
   */
  abandonMirror(failure: Fault): never {
    if (this.#mirrors.count < 2) throw failure
    this[Symbol.dispose]()
    this.#mirrors.drop(failure)
    this.#guard.reset()
    this.#reconnections = new Reconnections()
    // What is told of the next one is its own.
    this.#starts = 0
    this.#lastFailure = undefined
    this.resumes += 1
    this.bytesWasted += this.#position
    this.#position = 0
    this.#validator = undefined
    this.totalBytes = null
    throw new StartedAnew(failure.message)
  }

  [Symbol.dispose](): void {
    this.#exchange?.[Symbol.dispose]()
    this.#exchange = undefined
    this.#counted = 0
  }

  #advance(bytes: number): void {
    this.#position += bytes
    this.#received += bytes
    this.#counted += bytes
    this.#reconnections.reached(this.#position)
  }

  async #connected(): Promise<Exchange> {
    for (;;) {
      if (this.#exchange) return this.#exchange
      const failure = await failureOf(this.#connect())
      if (failure instanceof StartedAnew) throw failure
      if (failure !== undefined) await this.#recover(failure)
    }
  }

  /** Returns when another attempt may help, else throws. */
  async #recover(failure: unknown): Promise<void> {
    this[Symbol.dispose]()
    if (this.#signal.aborted) throw aborted(this.#signal)
    if (!(failure instanceof Fault)) throw failure
    this.#lastFailure = failure
    const found = this.#guard.tooSlow() ? this.#guard.fault(this.url) : failure
    if (!found.retry || found.details['giveUp'] === true) {
      this.#mirrors.drop()
      this.#guard.reset()
      if (this.#mirrors.count === 0) throw this.#mirrors.explained(found)
      return
    }
    this.#reconnections.lost()
    const { fruitless } = this.#reconnections
    if (fruitless > this.#request.limits.maxFruitlessAttempts) throw this.#mirrors.explained(this.#startsInVain(found))
    if (fruitless > 1 || this.#position === 0) this.#mirrors.rotate()
    await this.#pause(found)
  }

  async #pause(error: Fault): Promise<void> {
    const mayTryAtOnce = this.#position > 0 || this.#mirrors.count > 1
    const asked = Number(error.details['retryAfterMs'] ?? 0)
    const pauseMs = this.#reconnections.pauseMs(this.#request.limits, { mayTryAtOnce, asked })
    if (pauseMs === 0) return
    if (this.#reconnections.fruitless <= 1 && this.#position > 0) this.#guard.waited(pauseMs)
    try {
      await sleep(pauseMs, undefined, { signal: this.#signal })
    } catch {
      throw aborted(this.#signal)
    }
  }

  async #connect(): Promise<void> {
    const mirror = this.#mirrors.current
    if (!mirror) throw new Fault('invalid', 'no image URL was given')
    const resume = this.#position > 0 && this.#validator !== undefined
    if (this.#starts > 0) this.resumes += 1
    const { limits, tls } = this.#request
    const exchange = await this.#get(mirror, {
      tls,
      connectTimeoutMs: limits.connectTimeoutMs,
      stallTimeoutMs: limits.stallTimeoutMs,
      signal: this.#signal,
      guard: this.#guard,
      credential: this.#credential,
      headers: resume ? { range: `bytes=${this.#position}-`, 'if-range': this.#validator ?? '' } : {},
    })
    try {
      this.#accept(exchange, resume)
    } catch (error) {
      if (!(error instanceof StartedAnew)) exchange[Symbol.dispose]()
      throw error
    }
  }

  async #get(mirror: URL, options: GetOptions): Promise<Exchange> {
    try {
      return await get(mirror, options)
    } catch (cause) {
      if (!isFault(cause) || cause.details['status'] !== 416 || !('range' in (options.headers ?? {}))) throw cause
      const of = this.totalBytes === null ? '' : ` of ${this.totalBytes}`
      const message = `${this.url} ended at byte ${this.#position}${of} and has no more`
      throw new Fault('image_truncated', message, { cause, giveUp: true })
    }
  }

  #accept(exchange: Exchange, resume: boolean): void {
    if (exchange.head.status === 206) this.#acceptRange(exchange, resume)
    else this.#acceptWhole(exchange)
  }

  #acceptRange(exchange: Exchange, resume: boolean): void {
    const [url, position, totalBytes] = [this.url, this.#position, this.totalBytes]
    // A range that nobody asked for has nothing to be checked by.
    const validator = resume ? this.#validator : undefined
    const total = checkRange(exchange, { url, position, totalBytes, validator })
    this.totalBytes ??= total
    this.#exchange = exchange
  }

  #acceptWhole(exchange: Exchange): void {
    const again = this.#position > 0
    this.#starts += 1
    if (again && this.#starts > maxStarts) throw this.#cannotResume()
    this.bytesWasted += this.#position
    this.#position = 0
    this.totalBytes = exchange.length
    this.#validator = validatorOf(exchange.head)
    this.#exchange = exchange
    if (again) throw new StartedAnew('the image begins again')
  }

  /** What keeps a download from its end that begins again and again. */
  #startsInVain(failure: Fault): Fault {
    return this.#starts > 1 && failure.code !== 'image_unreachable' ? this.#cannotResume() : failure
  }

  #cannotResume(): Fault {
    const times = Math.min(this.#starts, maxStarts)
    if (this.#validator !== undefined) {
      const or = this.#request.urls.length > 1 ? ', or its mirrors do not have the same ETag' : ''
      return new Fault('image_changed', `${this.url} changed during the download ${times} times${or}`, { giveUp: true })
    }
    const { code, message } = this.#lastFailure ?? { code: 'image_truncated', message: `${this.url} breaks off` }
    const tried = `${times} times from its beginning, because it sends no strong ETag to resume with`
    return new Fault(code, `${message}; ${this.url} was tried ${tried}`, { giveUp: true })
  }
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
    return undefined
  } catch (error) {
    return error
  }
}
