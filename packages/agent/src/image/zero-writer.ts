import { allocateAligned } from '../hardware/disk.ts'
import type { Disk } from '../hardware/disk.ts'
import type { ExtentLog } from './extent-log.ts'

/** From here on the disk is asked to do it by itself, which costs the start of a program. */
const worthAsking = 16 * 1024 * 1024
const longestRun = 256 * 1024 * 1024
const blockBytes = 4 * 1024 * 1024
const blocksInFlight = 2
const mostWaiting = 64

type Run = { offset: number; bytes: number }

/**
 * Makes ranges of the disk read as zeros, in a lane of its own: by the disk's own means where it has them, else by
 * writing zeros. Ranges that follow one another are joined first.
 */
export class ZeroWriter {
  /** Bytes that the disk made zeros by itself. */
  bytesByDevice = 0
  readonly #disk: Disk
  readonly #log: ExtentLog | undefined
  #open: Run | undefined
  #lane: Promise<void> = Promise.resolve()
  #waiting = 0
  #failure: { error: unknown } | undefined
  #zeros: Uint8Array | undefined
  #canAsk: boolean

  constructor(disk: Disk, log: ExtentLog | undefined) {
    this.#disk = disk
    this.#log = log
    this.#canAsk = disk.zero !== undefined
  }

  /** Resolves at once while the lane is not too far behind. */
  async add({ offset, bytes }: Run): Promise<void> {
    if (this.#failure) throw this.#failure.error
    const open = this.#open
    if (open && open.offset + open.bytes === offset) open.bytes += bytes
    else {
      this.#close()
      this.#open = { offset, bytes }
    }
    if ((this.#open?.bytes ?? 0) >= (this.#canAsk ? longestRun : blockBytes)) this.#close()
    if (this.#waiting > mostWaiting) await this.#lane
  }

  /** Everything that was added is done. */
  async finish(): Promise<void> {
    this.#close()
    await this.#lane
  }

  #close(): void {
    const run = this.#open
    this.#open = undefined
    if (!run) return
    this.#waiting += 1
    this.#lane = this.#lane.then(async () => {
      await this.#zero(run)
      this.#waiting -= 1
    })
    // Thrown by whatever comes next.
    this.#lane.catch((error: unknown) => (this.#failure ??= { error }))
  }

  async #zero({ offset, bytes }: Run): Promise<void> {
    for (let done = 0; done < bytes; done += longestRun) {
      const part = { offset: offset + done, bytes: Math.min(longestRun, bytes - done) }
      if (!(await this.#byDevice(part))) await this.#write(part)
      this.#log?.add({ ...part, tag: null })
    }
  }

  async #byDevice({ offset, bytes }: Run): Promise<boolean> {
    if (!this.#canAsk || bytes < worthAsking || !this.#disk.zero) return false
    this.#canAsk = await this.#disk.zero(offset, bytes)
    if (this.#canAsk) this.bytesByDevice += bytes
    return this.#canAsk
  }

  async #write({ offset, bytes }: Run): Promise<void> {
    const zeros = (this.#zeros ??= allocateAligned(blockBytes))
    let next = 0
    const lane = async () => {
      while (next < bytes) {
        const at = next
        const length = Math.min(blockBytes, bytes - at)
        next += length
        await this.#disk.write(zeros.subarray(0, length), offset + at)
      }
    }
    const results = await Promise.allSettled(Array.from({ length: blocksInFlight }, lane))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }
}
