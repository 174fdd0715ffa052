import { FileExtents } from './file-extents.ts'
import type { Compression } from './features.ts'
import { GuestOrder } from './guest-order.ts'
import type { Qcow2Header } from './header.ts'
import type { RunList } from './run-list.ts'
import { ZeroExtents } from './zero-extents.ts'

/**
 * Where everything of a checked qcow2 image is, in bounded memory: no two parts share bytes of the file (but the unused
 * rest of a compressed cluster's last sector), all lie within it, and each part of the disk has one source at most.
 */
export class Qcow2Layout {
  readonly fileSize: number
  readonly virtualSize: number
  readonly clusterSize: number
  /** Every extent begins at a multiple of this on the disk, and ends at one or at the end of the disk or the file. */
  readonly grain: number
  readonly compression: Compression
  readonly dirty: boolean
  /** sha256 of all metadata extents in the order of the file. */
  readonly metadataDigest: Uint8Array
  readonly #runs: RunList
  #order: GuestOrder | undefined

  constructor(parts: { header: Qcow2Header; fileSize: number; runs: RunList; metadataDigest: Uint8Array }) {
    const { virtualSize, clusterSize, subclusterSize, compression, dirty } = parts.header
    this.fileSize = parts.fileSize
    this.virtualSize = virtualSize
    this.clusterSize = clusterSize
    this.grain = subclusterSize
    this.compression = compression
    this.dirty = dirty
    this.metadataDigest = parts.metadataDigest
    this.#runs = parts.runs
  }

  /** All that is used of the file, front to back. */
  fileExtents(): FileExtents {
    return new FileExtents(this.#runs, this.virtualSize)
  }

  /** What the disk reads as zeros, front to back: all that no file extent has. */
  zeroExtents(): ZeroExtents {
    return new ZeroExtents(this.#guestOrder(), this.virtualSize)
  }

  /** How many bytes of a part of the disk come from the file; the others are zeros. */
  dataBetween(start: number, end: number): number {
    return this.#guestOrder().bytesBetween(start, Math.min(end, this.virtualSize))
  }

  #guestOrder(): GuestOrder {
    return (this.#order ??= new GuestOrder(this.#runs))
  }

  /** Bytes of the disk that come from the file, and how many clusters of them are compressed. */
  sums(): { dataBytes: number; compressedClusters: number; metadataBytes: number; longestCompressed: number } {
    const sums = { dataBytes: 0, compressedClusters: 0, metadataBytes: 0, longestCompressed: 0 }
    for (const extents = this.fileExtents(); extents.next();) {
      if (extents.kind === 'metadata') sums.metadataBytes += extents.length
      else sums.dataBytes += extents.guestLength
      if (extents.kind !== 'compressed') continue
      sums.compressedClusters += 1
      sums.longestCompressed = Math.max(sums.longestCompressed, extents.length)
    }
    return sums
  }
}
