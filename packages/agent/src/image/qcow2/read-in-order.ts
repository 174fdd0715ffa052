import type { L2Tables } from './l1-table.ts'
import type { ReadAt } from './read-at.ts'

export type TableReads = { read: ReadAt; tables: L2Tables; tableBytes: number; signal: AbortSignal }

/** Several tables in one read: from the first to before the last index. */
type Window = { offset: number; bytes: number; first: number; last: number }

const largestRead = 4 * 1024 * 1024
/** A gap is read along where that is cheaper than another request. */
const largestGap = 128 * 1024
const readsInFlight = 4

/** The tables in the order of the file; reads begin in that order too, a few ahead of what is used. */
export async function* readInOrder(job: TableReads): AsyncGenerator<{ bytes: Uint8Array; index: number }> {
  const { read, tables, tableBytes } = job
  const stop = new AbortController()
  const signal = AbortSignal.any([job.signal, stop.signal])
  const ahead: { window: Window; bytes: Promise<Uint8Array> }[] = []
  const windows = windowsOf(tables, tableBytes)
  const begin = (): void => {
    const { value: window } = windows.next()
    if (!window) return
    const bytes = read(window.offset, window.bytes, signal)
    // Its failure is thrown when its turn comes.
    bytes.catch(() => undefined)
    ahead.push({ window, bytes })
  }
  try {
    for (let count = 0; count < readsInFlight; count += 1) begin()
    for (let next = ahead[0]; next; next = ahead[0]) {
      const bytes = await next.bytes
      ahead.shift()
      begin()
      for (let index = next.window.first; index < next.window.last; index += 1) {
        const start = (tables.offsets[index] ?? 0) - next.window.offset
        yield { bytes: bytes.subarray(start, start + tableBytes), index }
      }
    }
  } finally {
    stop.abort()
    await Promise.allSettled(ahead.map(({ bytes }) => bytes))
  }
}

function* windowsOf({ offsets }: L2Tables, tableBytes: number): Generator<Window, undefined> {
  let window: Window | undefined
  for (let index = 0; index < offsets.length; index += 1) {
    const offset = offsets[index] ?? 0
    const end = offset + tableBytes
    const reach = window && end - window.offset
    if (window && reach && reach <= largestRead && offset - (window.offset + window.bytes) <= largestGap) {
      window.bytes = Math.max(window.bytes, reach)
      window.last = index + 1
      continue
    }
    if (window) yield window
    window = { offset, bytes: tableBytes, first: index, last: index + 1 }
  }
  if (window) yield window
}
