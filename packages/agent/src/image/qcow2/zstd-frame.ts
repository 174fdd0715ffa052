import { Fault } from '@ferrite/shared/fault'

/**
 * Length of the one zstd frame at the beginning of `bytes` (RFC 8878, 3.1.1), found by walking over its blocks: a decoder
 * would take what happens to follow it for another frame. Fault image_format_refused when there is none.
 */
export function zstdFrameLength(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 9 || view.getUint32(0, true) !== 0xfd2fb528) throw bad('does not begin with a zstd frame')
  const descriptor = view.getUint8(4)
  let at = 5 + headerFields(descriptor)
  for (;;) {
    if (at + 3 > bytes.length) throw bad('ends inside its zstd frame')
    const block = view.getUint8(at) | (view.getUint16(at + 1, true) << 8)
    const kind = (block >> 1) & 3
    // A run-length block has one byte, however long it is when decoded.
    at += 3 + (kind === 1 ? 1 : block >>> 3)
    if ((block & 1) === 1) break
  }
  if ((descriptor & 4) !== 0) at += 4
  if (at > bytes.length) throw bad('ends inside its zstd frame')
  return at
}

/** Bytes of the header after its descriptor: window, dictionary and content size. */
function headerFields(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const contentSize = sizeFlag === 0 ? Number(singleSegment) : 2 ** sizeFlag
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0
  return Number(!singleSegment) + dictionary + contentSize
}

const bad = (what: string): Fault => new Fault('image_format_refused', `a compressed cluster ${what}`)
