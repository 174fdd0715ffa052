import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { Fault } from '@ferrite/shared/fault'
import { killGroup, minimalEnvironment } from './run.ts'

/** A program that turns one stream into another, with memory of the caller at both ends. */
export type Filter = {
  /** Resolves when the program has taken all of `bytes`; `last` closes its input. */
  feed: (bytes: Uint8Array, last: boolean) => Promise<void>
  /** Fills `into`; less only at the end of the output. */
  read: (into: Uint8Array) => Promise<number>
  /** Exit code and the last that it said, when it has ended. */
  ended: () => Promise<{ code: number; stderr: string }>
} & AsyncDisposable

const maxStderrBytes = 4096

/** Starts a program without a shell, as `run` does. Fault not_found (from `read`) when it is not installed. */
export function openFilter(file: string, args: readonly string[]): Filter {
  const child = spawn(file, args, { detached: true, stdio: 'pipe', env: minimalEnvironment })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr = `${stderr}${chunk.toString()}`.slice(0, maxStderrBytes)))
  // A program that has ended says by its exit code why it reads no more.
  child.stdin.on('error', () => undefined)
  const closed = new Promise<number>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => reject(notStarted(file, cause)))
    child.once('close', (code, signal) => resolve(code ?? (signal ? 128 : 1)))
  })
  closed.catch(() => undefined)
  const output = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const reader = new ChunkReader(child.stdout, output)
  return {
    feed: (bytes, last) =>
      new Promise((resolve) => {
        if (last) child.stdin.end(bytes, () => resolve())
        else child.stdin.write(bytes, () => resolve())
      }),
    async read(into) {
      const bytes = await reader.read(into)
      // The program may not have been started at all.
      if (bytes < into.length) await closed
      return bytes
    },
    ended: async () => ({ code: await closed, stderr: stderr.trim() }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) killGroup(child)
      child.stdin.destroy()
      child.stdout.destroy()
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** Copies chunks into the reader's memory, as many as fit. */
class ChunkReader {
  readonly #stream: Readable
  readonly #chunks: AsyncIterator<Buffer>
  #left: Buffer | undefined

  constructor(stream: Readable, chunks: AsyncIterator<Buffer>) {
    this.#stream = stream
    this.#chunks = chunks
  }

  async read(into: Uint8Array): Promise<number> {
    let filled = 0
    while (filled < into.length) {
      const chunk = this.#left ?? (this.#stream.destroyed ? undefined : await this.#next())
      if (!chunk) break
      const part = chunk.subarray(0, into.length - filled)
      into.set(part, filled)
      filled += part.length
      this.#left = part.length < chunk.length ? chunk.subarray(part.length) : undefined
    }
    return filled
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const { value, done } = await this.#chunks.next()
      return done === true ? undefined : value
    } catch (error) {
      // Whoever is killed or was never started has a pipe that breaks; its exit tells why.
      if (!this.#stream.destroyed) throw error
      return undefined
    }
  }
}

const notStarted = (file: string, cause: NodeJS.ErrnoException): Fault =>
  cause.code === 'ENOENT'
    ? new Fault('not_found', `the program ${file} is not installed; install it, or give the image as gzip or zstd`)
    : new Fault('step_failed', `${file} could not be started`, { cause })
