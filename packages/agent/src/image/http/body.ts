import { Fault } from '@ferrite/shared/fault'
import type { ByteSource } from '../byte-source.ts'
import type { Framing } from './response-head.ts'
import type { Wire } from './wire.ts'

/** The body of one answer. `delivered` counts what reached the reader, live, so that a resume knows where to go on. */
export interface Body extends ByteSource {
  readonly delivered: number
}

/** Reads a body by its framing. Fault image_truncated when the connection ends before the body does. */
export function bodyOf(wire: Wire, framing: Framing): Body {
  if (framing.kind === 'length') return sizedBody(wire, framing.length)
  return framing.kind === 'chunked' ? chunkedBody(wire) : untilClose(wire)
}

const cut = (wire: Wire, what: string): Fault =>
  wire.failure ?? new Fault('image_truncated', `${wire.name} closed the connection ${what}`)

function sizedBody(wire: Wire, length: number): Body {
  let delivered = 0
  return {
    get delivered() {
      return delivered + wire.arriving
    },
    async read(into) {
      const wanted = Math.min(into.length, length - delivered)
      if (wanted === 0) return 0
      const bytes = await wire.read(into.subarray(0, wanted))
      delivered += bytes
      if (bytes < wanted) throw cut(wire, `${length - delivered} bytes before the end`)
      return bytes
    },
  }
}

function untilClose(wire: Wire): Body {
  let delivered = 0
  return {
    get delivered() {
      return delivered + wire.arriving
    },
    async read(into) {
      const bytes = await wire.read(into)
      delivered += bytes
      if (bytes < into.length && wire.failure) throw wire.failure
      return bytes
    },
  }
}

function chunkedBody(wire: Wire): Body {
  const lines = lineReader(wire)
  let delivered = 0
  let left = 0
  /** False after the last chunk. */
  const nextChunk = async (): Promise<boolean> => {
    const size = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i.exec(await lines())
    if (!size) throw new Fault('image_refused', `${wire.name} sent a malformed chunk`)
    left = Number.parseInt(size[1] ?? '', 16)
    if (left > 0) return true
    while ((await lines()) !== '') continue
    return false
  }
  let more = true
  return {
    get delivered() {
      return delivered
    },
    async read(into) {
      let filled = 0
      while (filled < into.length && more) {
        if (left === 0) more = await nextChunk()
        if (!more) break
        const wanted = Math.min(left, into.length - filled)
        const bytes = await wire.read(into.subarray(filled, filled + wanted))
        delivered += bytes
        filled += bytes
        left -= bytes
        if (bytes < wanted) throw cut(wire, 'inside a chunk')
        if (left === 0 && (await lines()) !== '')
          throw new Fault('image_refused', `${wire.name} sent a chunk that is longer than its size`)
      }
      return filled
    },
  }
}

/** Short lines between chunks; what was read beyond a line goes back to the wire. */
function lineReader(wire: Wire): () => Promise<string> {
  const buffer = new Uint8Array(4096)
  return async () => {
    let filled = 0
    for (;;) {
      const got = await wire.read(buffer.subarray(filled), 1)
      if (got === 0) throw cut(wire, filled === buffer.length ? 'after an endless chunk header' : 'between chunks')
      filled += got
      const end = buffer.subarray(0, filled).indexOf(10)
      if (end === -1) continue
      wire.unread(buffer.subarray(end + 1, filled))
      return Buffer.from(buffer.subarray(0, end)).toString('latin1').replace(/\r$/, '')
    }
  }
}
