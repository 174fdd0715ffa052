import type { RunList } from './run-list.ts'

/** Goes through what is used of a qcow2 file from front to back; `next` moves on, and the fields tell the extent. */
export class FileExtents {
  kind: 'data' | 'compressed' | 'metadata' = 'metadata'
  hostOffset = 0
  /** In the file; of a compressed cluster all that it can have, with the rest of its last sector. */
  length = 0
  /** On the disk; -1 for metadata. */
  guestOffset = -1
  /** On the disk, where the last cluster may be cut by the end of the disk. 0 for metadata. */
  guestLength = 0
  readonly #runs: RunList
  readonly #virtualSize: number
  #index = -1
  /** In a run of compressed clusters: those left, and the place of the next one's length. */
  #left = 0
  #slot = 0

  constructor(runs: RunList, virtualSize: number) {
    this.#runs = runs
    this.#virtualSize = virtualSize
  }

  /** False: there are no more. */
  next(): boolean {
    const runs = this.#runs
    if (this.#left > 0) {
      this.hostOffset += this.length
      this.guestOffset += runs.clusterSize
      this.#cluster()
      return true
    }
    do this.#index += 1
    while (this.#index < runs.count && runs.kindOf(this.#index) === 'reserved')
    if (this.#index >= runs.count) return false
    this.#begin(this.#index)
    return true
  }

  #begin(index: number): void {
    const runs = this.#runs
    const kind = runs.kindOf(index)
    this.kind = kind === 'compressed' || kind === 'data' ? kind : 'metadata'
    this.hostOffset = runs.host[index] ?? 0
    this.guestOffset = runs.guest[index] ?? 0
    this.length = runs.size[index] ?? 0
    this.guestLength = this.kind === 'data' ? this.length : 0
    if (this.kind !== 'compressed') return
    this.#left = this.length
    this.#slot = runs.at[index] ?? 0
    this.#cluster()
  }

  #cluster(): void {
    const runs = this.#runs
    const { length, slots } = runs.lengthAt(this.#slot)
    this.#slot += slots
    this.#left -= 1
    this.length = length
    this.guestLength = Math.min(runs.clusterSize, this.#virtualSize - this.guestOffset)
    // The rest of the last sector may be the next cluster's.
    if (this.#left === 0 && this.#index + 1 < runs.count) {
      this.length = Math.min(length, (runs.host[this.#index + 1] ?? 0) - this.hostOffset)
    }
  }
}
