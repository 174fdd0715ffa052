import { connect as connectTcp, isIP } from 'node:net'
import type { OnReadOpts, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Fault } from '@ferrite/shared/fault'
import { shownUrl } from './image-url.ts'
import type { ThroughputGuard } from './throughput-guard.ts'

export type TlsTrust = { ca?: string; insecure?: boolean }

export type WireOptions = {
  tls?: TlsTrust | undefined
  connectTimeoutMs: number
  stallTimeoutMs: number
  signal: AbortSignal
  guard?: ThroughputGuard | undefined
}

const spillBytes = 64 * 1024

/** `since`: when it was asked; `counted`: up to when the guard knows of the waiting. */
type Want = {
  into: Uint8Array
  filled: number
  min: number
  since: number
  counted: number
  done: (bytes: number) => void
}

/**
 * One TCP or TLS connection whose bytes the kernel puts straight into the reader's memory. Nothing is read while nobody
 * asks, so a slow disk slows the sender down. `read` never rejects: it returns short, and `failure` says why.
 */
export class Wire implements Disposable {
  /** Why no more bytes come; undefined after an orderly end. */
  failure: Fault | undefined
  ended = false
  /** The URL, as it may be shown. */
  readonly name: string
  readonly #spill = new Uint8Array(spillBytes)
  readonly #options: WireOptions
  #socket: Socket | undefined
  #lent: Uint8Array = this.#spill
  #held: Uint8Array[] = []
  #want: Want | undefined
  #lastByteAt = 0
  #watch: NodeJS.Timeout | undefined

  private constructor(url: URL, options: WireOptions) {
    this.name = shownUrl(url)
    this.#options = options
  }

  /** Connects, with TLS for https. Fault image_unreachable, or image_refused when the certificate is not trusted. */
  static async open(url: URL, options: WireOptions): Promise<Wire> {
    const wire = new Wire(url, options)
    await wire.#connect(url)
    return wire
  }

  get remoteAddress(): string {
    return this.#socket?.remoteAddress ?? ''
  }

  /** Bytes of the read that is under way. */
  get arriving(): number {
    return this.#want?.filled ?? 0
  }

  send(text: string): void {
    this.#socket?.write(text, 'latin1')
  }

  /** Puts at least `min` bytes into `into`; fewer only when the connection has ended or failed. */
  read(into: Uint8Array, min = into.length): Promise<number> {
    const since = performance.now()
    const want: Want = { into, filled: 0, min, since, counted: since, done: () => undefined }
    this.#takeHeld(want)
    if (want.filled >= min || this.ended) return Promise.resolve(want.filled)
    return new Promise((resolve) => {
      want.done = resolve
      this.#want = want
      this.#socket?.resume()
    })
  }

  /** Gives back bytes that were read too far; they come first in the next read. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#held.unshift(bytes.slice())
  }

  [Symbol.dispose](): void {
    this.#finish(undefined)
  }

  async #connect(url: URL): Promise<void> {
    const { connectTimeoutMs, signal, tls } = this.#options
    if (signal.aborted) throw aborted(signal)
    const since = performance.now()
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const secure = url.protocol === 'https:'
    const port = Number(url.port || (secure ? 443 : 80))
    const onread: OnReadOpts = { buffer: () => this.#lend(), callback: (bytes) => this.#onBytes(bytes) }
    // `onread` of a TLS socket is documented and works, but is missing in the types.
    const tlsOptions = {
      host,
      port,
      onread,
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(isIP(host) ? {} : { servername: host }),
      rejectUnauthorized: tls?.insecure !== true,
      ALPNProtocols: ['http/1.1'],
    }
    const socket = secure ? connectTls(tlsOptions) : connectTcp({ host, port, onread, noDelay: true })
    this.#socket = socket
    const timer = setTimeout(() => {
      const missing = socket.connecting ? 'did not accept a connection' : 'did not end the TLS handshake'
      this.#finish(new Fault('image_unreachable', `${this.name} ${missing} in ${connectTimeoutMs / 1000} s`))
    }, connectTimeoutMs)
    const onAbort = () => this.#finish(aborted(signal))
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('close', () => signal.removeEventListener('abort', onAbort))
    socket.on('error', (cause: NodeJS.ErrnoException) => this.#finish(broken(this.name, cause)))
    socket.once('end', () => this.#finish(undefined))
    socket.once('close', () => this.#finish(undefined))
    try {
      await new Promise<void>((resolve) => {
        socket.once(secure ? 'secureConnect' : 'connect', () => resolve())
        socket.once('close', () => resolve())
      })
    } finally {
      clearTimeout(timer)
    }
    if (this.failure) throw this.failure
    if (this.ended) throw new Fault('image_unreachable', `${this.name} closed the connection at once`)
    this.#lastByteAt = performance.now()
    // From here on every wait for a byte tells of itself.
    this.#options.guard?.waited(this.#lastByteAt - since)
    this.#watch = setInterval(() => this.#check(), Math.min(500, this.#options.stallTimeoutMs / 4))
  }

  #lend(): Uint8Array {
    const want = this.#want
    this.#lent = want ? want.into.subarray(want.filled) : this.#spill
    return this.#lent
  }

  /** False stops reading until the next `read`. */
  #onBytes(bytes: number): boolean {
    this.#lastByteAt = performance.now()
    const want = this.#want
    if (this.#lent === this.#spill) {
      // TLS may still deliver what it has decrypted after it was told to stop.
      this.#held.push(want ? this.#spill.subarray(0, bytes) : this.#spill.slice(0, bytes))
      if (want) this.#takeHeld(want)
      this.#held = this.#held.map((left) => (left.buffer === this.#spill.buffer ? left.slice() : left))
    } else if (want) {
      want.filled += bytes
    }
    this.#options.guard?.count(bytes)
    if (want && want.filled >= want.min) this.#satisfy(want)
    return this.#want !== undefined
  }

  #satisfy(want: Want): void {
    this.#want = undefined
    this.#options.guard?.waited(performance.now() - want.counted)
    want.done(want.filled)
  }

  #takeHeld(want: Want): void {
    while (this.#held.length > 0 && want.filled < want.into.length) {
      const first = this.#held[0] ?? this.#spill.subarray(0, 0)
      const part = first.subarray(0, want.into.length - want.filled)
      want.into.set(part, want.filled)
      want.filled += part.length
      if (part.length === first.length) this.#held.shift()
      else this.#held[0] = first.subarray(part.length)
    }
  }

  #check(): void {
    const want = this.#want
    if (!want) return
    const now = performance.now()
    const { stallTimeoutMs, guard } = this.#options
    if (now - Math.max(this.#lastByteAt, want.since) >= stallTimeoutMs) {
      this.#finish(new Fault('image_stalled', `${this.name} sent nothing for ${stallTimeoutMs / 1000} s`))
      return
    }
    guard?.waited(now - want.counted)
    want.counted = now
    if (guard?.tooSlow()) this.#finish(guard.fault(this.name))
  }

  #finish(failure: Fault | undefined): void {
    if (!this.ended) this.failure = failure
    this.ended = true
    clearInterval(this.#watch)
    this.#socket?.destroy()
    if (this.#want) this.#satisfy(this.#want)
  }
}

export const aborted = (signal: AbortSignal): Fault =>
  signal.reason instanceof Fault
    ? signal.reason
    : new Fault('aborted', 'the download was interrupted', { cause: signal.reason })

const certificateProblems = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME|HOSTNAME_MISMATCH/

function broken(name: string, cause: NodeJS.ErrnoException): Fault {
  return certificateProblems.test(cause.code ?? '')
    ? new Fault('image_refused', `the certificate of ${name} is not trusted`, { cause })
    : new Fault('image_unreachable', `the connection to ${name} failed`, { cause })
}
