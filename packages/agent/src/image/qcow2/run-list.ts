import { formatBytes } from '@ferrite/shared/units'
import { refused } from './refuse.ts'

export const runKinds = ['data', 'compressed', 'metadata', 'reserved'] as const
export type RunKind = (typeof runKinds)[number]
/** A run's place in `lengths` says that it is compressed, one of these that it is not. */
const code = { data: 0xffff_ffff, metadata: 0xffff_fffe, reserved: 0xffff_fffd }
const largestRun = 0xffff_0000
const runBytes = 32

/**
 * The used parts of the file as runs in typed arrays: what is contiguous both in the file and on the disk is one run,
 * 32 bytes with what sorting needs. A run of compressed clusters that follow one another has their lengths besides,
 * two bytes each. Fault image_format_refused when the arrays would need more than `maxBytes`.
 */
export class RunList {
  /** Where the run begins in the file, and on the disk (-1: it has no place there). */
  host = new Float64Array(64)
  guest = new Float64Array(64)
  /** Bytes; for compressed runs the number of clusters. */
  size = new Uint32Array(64)
  at = new Uint32Array(64)
  /** A length beyond 16 bits is a 0 and two halves. */
  lengths = new Uint16Array(64)
  count = 0
  #used = 0
  readonly clusterSize: number
  readonly #maxBytes: number
  /** The last compressed cluster that was added: only what follows it can belong to its run. */
  #tail = { host: -1, end: -1, guestEnd: -1, slot: 0 }

  constructor(clusterSize: number, maxBytes: number) {
    this.clusterSize = clusterSize
    this.#maxBytes = maxBytes
  }

  kindOf(index: number): RunKind {
    const at = this.at[index] ?? 0
    if (at === code.data) return 'data'
    if (at === code.metadata) return 'metadata'
    return at === code.reserved ? 'reserved' : 'compressed'
  }

  addData(host: number, guest: number, bytes: number): void {
    const last = this.count - 1
    const size = this.size[last] ?? 0
    const follows = this.at[last] === code.data && this.host[last] === host - size && this.guest[last] === guest - size
    if (follows && size + bytes <= largestRun) this.size[last] = size + bytes
    else this.#add(host, guest, bytes, code.data)
  }

  /** Something that has no place on the disk. */
  addRegion(kind: 'metadata' | 'reserved', host: number, bytes: number): void {
    for (let done = 0; done < bytes; done += largestRun) {
      this.#add(host + done, -1, Math.min(bytes - done, largestRun), code[kind])
    }
  }

  /** A compressed cluster of at most `bytes`, up to the end of its last sector. */
  addCompressed(host: number, guest: number, bytes: number): void {
    const last = this.count - 1
    const tail = this.#tail
    const follows =
      this.kindOf(last) === 'compressed' && guest === tail.guestEnd && host <= tail.end && mayShare(tail, host)
    if (!follows) {
      this.addSingle(host, guest, bytes)
      return
    }
    this.#used = tail.slot
    this.#pushLength(host - tail.host)
    this.size[last] = (this.size[last] ?? 0) + 1
    this.#setTail(host, guest, bytes)
    this.#pushLength(bytes)
  }

  /** A compressed cluster as a run of its own. */
  addSingle(host: number, guest: number, bytes: number): void {
    this.#add(host, guest, 1, this.#used)
    this.#setTail(host, guest, bytes)
    this.#pushLength(bytes)
  }

  /** Calls back for each cluster of a compressed run. */
  eachCluster(index: number, each: (host: number, guest: number, bytes: number) => void): void {
    let host = this.host[index] ?? 0
    let guest = this.guest[index] ?? 0
    let slot = this.at[index] ?? 0
    for (let left = this.size[index] ?? 0; left > 0; left -= 1) {
      const { length, slots } = this.lengthAt(slot)
      each(host, guest, length)
      host += length
      guest += this.clusterSize
      slot += slots
    }
  }

  /** A length, and how many places it takes. */
  lengthAt(slot: number): { length: number; slots: number } {
    const short = this.lengths[slot] ?? 0
    if (short > 0) return { length: short, slots: 1 }
    return { length: (this.lengths[slot + 1] ?? 0) * 0x1_0000 + (this.lengths[slot + 2] ?? 0), slots: 3 }
  }

  /** Puts the runs into the order of `order`, the index of each one's successor in the file. */
  reorder(order: Uint32Array): void {
    this.host = reordered(this.host, order, new Float64Array(this.count))
    this.guest = reordered(this.guest, order, new Float64Array(this.count))
    this.size = reordered(this.size, order, new Uint32Array(this.count))
    this.at = reordered(this.at, order, new Uint32Array(this.count))
    this.#tail = { host: -1, end: -1, guestEnd: -1, slot: 0 }
  }

  #add(host: number, guest: number, size: number, at: number): void {
    const index = this.count
    if (index >= this.host.length) this.#grow()
    this.host[index] = host
    this.guest[index] = guest
    this.size[index] = size
    this.at[index] = at
    this.count = index + 1
  }

  #setTail(host: number, guest: number, bytes: number): void {
    this.#tail = { host, end: host + bytes, guestEnd: guest + this.clusterSize, slot: this.#used }
  }

  #pushLength(bytes: number): void {
    if (this.#used + 3 > this.lengths.length) {
      this.#mayHold(this.count * runBytes + (this.#used + 3) * 2)
      this.lengths = grown(this.lengths, new Uint16Array(this.lengths.length * 2))
    }
    if (bytes < 0x1_0000) this.lengths[this.#used++] = bytes
    else {
      this.lengths.set([0, bytes >>> 16, bytes & 0xffff], this.#used)
      this.#used += 3
    }
  }

  #grow(): void {
    this.#mayHold((this.count + 1) * runBytes + this.#used * 2)
    const most = Math.ceil(this.#maxBytes / runBytes)
    const length = Math.max(this.count + 1, Math.min(this.count * 2, most))
    this.host = grown(this.host, new Float64Array(length))
    this.guest = grown(this.guest, new Float64Array(length))
    this.size = grown(this.size, new Uint32Array(length))
    this.at = grown(this.at, new Uint32Array(length))
  }

  #mayHold(bytes: number): void {
    if (bytes <= this.#maxBytes) return
    const advice =
      'convert it with qemu-img convert -O qcow2, which puts the clusters in order, with larger clusters, or to raw'
    throw refused(`is too fragmented: its map needs more than ${formatBytes(this.#maxBytes)} of memory`, advice)
  }
}

/** Whether a compressed cluster at `host` leaves the one before all but the rest of its last sector. */
export const mayShare = (before: { host: number; end: number }, host: number): boolean =>
  host > before.host && host >= before.end - 1 - ((before.end - 1) % 512)

function grown<T extends Float64Array | Uint32Array | Uint16Array>(from: T, to: T): T {
  to.set(from)
  return to
}

function reordered<T extends Float64Array | Uint32Array>(from: T, order: Uint32Array, to: T): T {
  for (let index = 0; index < to.length; index += 1) to[index] = from[order[index] ?? 0] ?? 0
  return to
}
