import type { Progress } from '@ferrite/shared/contracts/callback'
import type { Secret } from '@ferrite/shared/secret'
import type { Disk } from '../hardware/disk.ts'

export const digestAlgorithms = ['sha256', 'sha384', 'sha512', 'md5'] as const
export type DigestAlgorithm = (typeof digestAlgorithms)[number]

/** What to write and how sure to be. Made from an `image_info`, or from the command line of `ferrite write`. */
export type WriteRequest = {
  /** Mirrors, tried in order. */
  urls: readonly string[]
  /** Digest of the bytes as they travel: hex, or the URL of a checksum file. Null only with a chunk map, which pins them. */
  digest: { algorithm: DigestAlgorithm; value: string } | { url: string; algorithm?: DigestAlgorithm } | null
  /** Digest of the disk's content, whatever it travels in: read from the disk before anything can boot from it. */
  contentDigest?: { algorithm: DigestAlgorithm; value: string }
  /** The image's chunk map, and the map's own digest: only what the disk does not hold is fetched. */
  chunkMap?: { url: string; digest: { algorithm: DigestAlgorithm; value: string } }
  /** Formats by the names that Ironic has for them; undefined: all that can be written. */
  permittedFormats?: readonly string[]
  /** As declared; null: found out from the bytes. */
  format: string | null
  /** Authorization header value, sent to the origin of the first URL only. */
  authorization?: Secret
  /** Additional PEM certificates to trust for https; `insecure` turns verification off. */
  tls?: { ca?: string; insecure?: boolean }
  /** Read everything back from the device after writing. */
  verify: boolean
  allowMd5: boolean
  limits: WriteLimits
  /** Sees the first bytes of the image (up to 4 MiB) while the disk is still untouched; a throw refuses the image. */
  inspect?: (head: Uint8Array, disk: Disk) => void | Promise<void>
}

export type WriteLimits = {
  connectTimeoutMs: number
  /** No byte for this long: the connection is dropped and resumed. */
  stallTimeoutMs: number
  /** Mean over `throughputWindowMs` of waiting for the network below this: the mirror is given up. 0 is no limit. */
  minBytesPerSecond: number
  throughputWindowMs: number
  /** For the whole write; 0 is no limit. */
  totalTimeoutMs: number
  /** Reconnections over all mirrors that bring no progress before giving up. */
  maxFruitlessAttempts: number
  retryPauseMs: number
}

export const defaultLimits: WriteLimits = {
  connectTimeoutMs: 10_000,
  stallTimeoutMs: 30_000,
  minBytesPerSecond: 64 * 1024,
  throughputWindowMs: 60_000,
  totalTimeoutMs: 0,
  maxFruitlessAttempts: 5,
  retryPauseMs: 1_000,
}

export type WriteResult = {
  url: string
  /** As the image travelled: raw, qcow2, gzip, zstd, xz or bzip2. */
  format: string
  digest: { algorithm: string; value: string }
  bytesReceived: number
  /** Of the disk, zeros included. */
  bytesWritten: number
  /** Of an image with a chunk map: what the disk held already. */
  bytesKept: number
  /** Zeros that the disk made by itself. */
  bytesZeroedByDevice: number
  /** False when the read-back was turned off. */
  verified: boolean
  bytesWasted: number
  resumes: number
  elapsedMs: number
}

export type WriteContext = { signal: AbortSignal; onProgress: (progress: Progress) => void }
