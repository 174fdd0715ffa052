import { constants, createGunzip, createInflateRaw, createZstdDecompress } from 'node:zlib'
import { Fault } from '@ferrite/shared/fault'

export type EngineFormat = 'gzip' | 'zstd' | 'deflate'

/** How far one call came: bytes taken from the input, and bytes put into the output. */
export type EngineStep = { consumed: number; produced: number }

/**
 * What every zlib stream of Node is made of. It is not documented, and is used because it decodes from memory to memory:
 * the documented ways allocate each output anew, which costs zstd three quarters of its speed.
 */
type Handle = {
  writeSync: (
    flush: number,
    input: Uint8Array,
    inAt: number,
    inBytes: number,
    output: Uint8Array,
    outAt: number,
    outBytes: number,
  ) => void
  reset: () => void
  close: () => void
  onerror: (message: string, errno: number, code: string) => void
}
type Inside = { _handle?: Partial<Handle>; _writeState?: Uint32Array }

/** The largest window that is accepted, 128 MiB: what `zstd` itself decodes without being told to. */
const largestWindowLog = 27
const nothing = new Uint8Array(1)
/** A zstd frame that holds nothing: what is taken after the end of a frame, and nowhere else. */
const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0)

const streams = {
  gzip: () => createGunzip(),
  deflate: () => createInflateRaw(),
  zstd: () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: largestWindowLog } }),
} as const

/** What the data itself did wrong: `code` is zlib's or zstd's own. */
export class BadData extends Error {
  override readonly name = 'BadData'
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

/** A decoder of gzip (all its members), zstd (all its frames) or raw deflate that works in the caller's memory. */
export class ZlibEngine implements Disposable {
  readonly #handle: Handle
  readonly #state: Uint32Array
  readonly #finish: number
  readonly #isZstd: boolean
  #failure: BadData | undefined

  constructor(format: EngineFormat) {
    const { _handle: handle, _writeState: state } = streams[format]() as unknown as Inside
    if (!isWhole(handle) || !state) throw new Fault('bug', 'this version of Node has another zlib inside')
    this.#handle = handle
    this.#state = state
    this.#isZstd = format === 'zstd'
    this.#finish = this.#isZstd ? constants.ZSTD_e_end : constants.Z_FINISH
    const onerror: Handle['onerror'] = (message, _errno, code) => {
      this.#failure = new BadData(message, code)
    }
    Object.assign(handle, { onerror })
  }

  /** Decodes as much as fits. Less consumed than given, with room left in the output: the data ended before. */
  step(input: Uint8Array, output: Uint8Array): EngineStep {
    return this.#write(constants.Z_NO_FLUSH, input, output)
  }

  /** Tells that there is no more input. Throws BadData when that is too early. */
  finish(output: Uint8Array): EngineStep {
    const step = this.#write(this.#finish, nothing.subarray(0, 0), output)
    // Node keeps the first three bytes of another zstd frame to itself, and forgets them at the end.
    if (!this.#isZstd || this.#write(constants.ZSTD_e_continue, skippable, nothing).consumed > 0) return step
    throw new BadData('a few bytes that could begin another frame follow its end', 'TRAILING')
  }

  /** Ready for other data. */
  reset(): void {
    this.#failure = undefined
    this.#handle.reset()
  }

  [Symbol.dispose](): void {
    this.#handle.close()
  }

  #write(flush: number, input: Uint8Array, output: Uint8Array): EngineStep {
    const state = this.#state
    this.#handle.writeSync(flush, input, 0, input.length, output, 0, output.length)
    if (this.#failure) throw this.#failure
    return { consumed: input.length - (state[1] ?? 0), produced: output.length - (state[0] ?? 0) }
  }
}

const isWhole = (handle: Partial<Handle> | undefined): handle is Handle =>
  typeof handle?.writeSync === 'function' && typeof handle.reset === 'function' && typeof handle.close === 'function'
