import { constants, inflateRawSync, zstdDecompressSync } from 'node:zlib'
import { Fault } from '@ferrite/shared/fault'
import type { Compression } from './features.ts'
import { zstdFrameLength } from './zstd-frame.ts'

/** 8 MiB, the largest window that every zstd decoder should accept; no cluster has more than 2 MiB. */
const largestWindowLog = 23

/**
 * Decodes one compressed cluster into `output`, which is one cluster long. What follows the compressed data in `input`
 * (the rest of its last sector) is ignored. Fault image_format_refused unless it is exactly one cluster.
 */
export function decodeCluster(compression: Compression, input: Uint8Array, output: Uint8Array): void {
  let decoded: Uint8Array
  try {
    decoded = compression === 'zlib' ? inflate(input, output.length) : decompress(input, output.length)
  } catch (cause) {
    throw new Fault(
      'image_format_refused',
      `a compressed cluster is no valid ${compression} of ${output.length} bytes`,
      {
        cause,
      },
    )
  }
  if (decoded.length !== output.length) {
    const message = `a compressed cluster has ${decoded.length} bytes instead of ${output.length}`
    throw new Fault('image_format_refused', message)
  }
  output.set(decoded)
}

// A little more than what comes out: with no room left, the decoder would allocate as much again.
const chunkSize = (bytes: number): number => bytes + 64

const inflate = (input: Uint8Array, bytes: number): Uint8Array =>
  inflateRawSync(input, { maxOutputLength: bytes, chunkSize: chunkSize(bytes) })

const decompress = (input: Uint8Array, bytes: number): Uint8Array =>
  zstdDecompressSync(input.subarray(0, zstdFrameLength(input)), {
    maxOutputLength: bytes,
    chunkSize: chunkSize(bytes),
    params: { [constants.ZSTD_d_windowLogMax]: largestWindowLog },
  })
