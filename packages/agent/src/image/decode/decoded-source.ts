import type { ByteSource } from '../byte-source.ts'
import type { Digester } from '../digester.ts'
import { Flight } from '../flight.ts'
import type { CompressionFormat } from '../format/image-formats.ts'
import { readOrGive } from '../pour.ts'
import type { FirstSlab } from '../pour.ts'
import { Room } from '../room.ts'
import type { SlabPool } from '../slab-pool.ts'
import { openProgramDecoder } from './program-decoder.ts'
import { openThreadDecoder } from './thread-decoder.ts'

/**
 * Decodes one stream. `feed` takes the next compressed bytes, fewer than asked for being the last, and resolves when it
 * has let go of their memory; `read` gives what came out, and throws a Fault when the data is not sound.
 */
export interface Decoder extends ByteSource, AsyncDisposable {
  feed(bytes: Uint8Array, last: boolean): Promise<void>
}

export type Compressed = {
  format: CompressionFormat
  upstream: ByteSource
  pool: SlabPool
  /** Hashes the compressed bytes. */
  digester: Digester
  /** Already read from upstream. */
  first?: FirstSlab | undefined
  signal: AbortSignal
}

/** Compressed slabs that may be on their way to the decoder at a time. */
const slabsAhead = 3

/** The stage that decompresses: hashes what it receives and gives what the image is. */
export class DecodedSource implements ByteSource, AsyncDisposable {
  readonly #parts: Compressed
  readonly #decoder: Decoder
  readonly #flight = new Flight((error) => this.#fail(error))
  readonly #feeding: Promise<void>
  #failure: { error: unknown } | undefined
  #rejectRead: ((error: unknown) => void) | undefined
  #disposed = false

  constructor(parts: Compressed) {
    this.#parts = parts
    const open = parts.format === 'gzip' || parts.format === 'zstd' ? openThreadDecoder : openProgramDecoder
    this.#decoder = open(parts.format, parts.pool.memory)
    this.#feeding = this.#feed().catch((error: unknown) => this.#fail(error))
  }

  read(into: Uint8Array): Promise<number> {
    if (this.#failure) return Promise.reject(this.#failure.error)
    return new Promise((resolve, reject) => {
      this.#rejectRead = reject
      this.#decoder.read(into).then(resolve, reject)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    await this.#decoder[Symbol.asyncDispose]()
    await this.#feeding
    await this.#flight.landed()
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#rejectRead?.(error)
  }

  async #feed(): Promise<void> {
    const { upstream, pool, first } = this.#parts
    const room = new Room(slabsAhead)
    for (let ready = first; ; ready = undefined) {
      await room.enter()
      const slab = ready?.slab ?? (await pool.take())
      const length = ready?.length ?? (this.#disposed ? 0 : await readOrGive(upstream, slab, pool))
      const last = length < slab.bytes.length
      this.#flight.add(this.#consume({ slab, length }, last).finally(() => room.leave()))
      if (last || this.#disposed) return
    }
  }

  async #consume({ slab, length }: FirstSlab, last: boolean): Promise<void> {
    const { pool, digester } = this.#parts
    try {
      const hashed = length > 0 ? digester.hash({ offset: slab.offset, bytes: length }) : undefined
      const fed = this.#decoder.feed(slab.bytes.subarray(0, length), last)
      for (const result of await Promise.allSettled([hashed, fed])) {
        if (result.status === 'rejected' && !this.#disposed) throw result.reason
      }
    } finally {
      pool.give(slab)
    }
  }
}
