import { Fault } from '@ferrite/shared/fault'
import type { CompressionFormat } from '../format/image-formats.ts'

/** What is to be told of compressed data that cannot be decoded; `message` is the decoder's own word. */
export function badStream(format: CompressionFormat, { message, code }: { message: string; code: string }): Fault {
  const cause = new Error(message)
  // The first header was seen before: this is said of what follows a whole stream.
  if (code === 'TRAILING' || message === 'incorrect header check') {
    return new Fault('image_refused', `the image has other data after its ${format} stream has ended`, { cause })
  }
  if (code === 'Z_BUF_ERROR') {
    return new Fault('image_truncated', `the image ends inside its ${format} stream`, { cause })
  }
  if (code === 'ZSTD_error_frameParameter_windowTooLarge') {
    const advice = 'compress it with a window of 128 MiB at most (zstd --long=27)'
    return new Fault('image_format_refused', `the zstd image needs too much memory to decode; ${advice}`, { cause })
  }
  if (code === 'MEMORY') {
    const advice = 'compress it with a dictionary of 128 MiB at most (xz -9 has 64 MiB)'
    return new Fault('image_format_refused', `the ${format} image needs too much memory to decode; ${advice}`, {
      cause,
    })
  }
  if (code === 'ZSTD_error_dictionary_wrong') {
    const advice = 'compress it without (zstd without -D)'
    return new Fault('image_format_refused', `the zstd image needs a dictionary, which is not at hand; ${advice}`, {
      cause,
    })
  }
  return new Fault('image_refused', `the image is no valid ${format}: it was damaged, or was never sound`, { cause })
}
