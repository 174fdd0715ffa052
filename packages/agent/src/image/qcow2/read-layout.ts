import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { Fault } from '@ferrite/shared/fault'
import { viewOf } from './big-endian.ts'
import { headBytes, parseHeader } from './header.ts'
import type { Qcow2Header } from './header.ts'
import { l2TablesOf } from './l1-table.ts'
import type { L2Tables } from './l1-table.ts'
import { addTable } from './l2-table.ts'
import type { L2Context } from './l2-table.ts'
import { Qcow2Layout } from './layout.ts'
import { defaultLayoutLimits } from './limits.ts'
import type { LayoutLimits } from './limits.ts'
import type { ReadAt } from './read-at.ts'
import { readInOrder } from './read-in-order.ts'
import { RunList } from './run-list.ts'
import { separateRuns } from './separate-runs.ts'

export type LayoutRequest = { read: ReadAt; fileSize: number; signal: AbortSignal; limits?: LayoutLimits }

/**
 * Reads where everything of a qcow2 image is: the header, the active L1 table, and all L2 tables in the order of the
 * file. Fault image_format_refused for what cannot be written safely, image_truncated when `read` gives too little.
 */
export async function readLayout({ read, fileSize, signal, limits }: LayoutRequest): Promise<Qcow2Layout> {
  const { maxLayoutBytes, maxTableBytes } = limits ?? defaultLayoutLimits
  const source: ReadAt = (offset, length) => exactly(read, { offset, length }, signal)
  const head = await source(0, Math.min(headBytes, fileSize), signal)
  const header = parseHeader(head, fileSize)
  const l1 = await source(header.l1Offset, header.l1Entries * 8, signal)
  const tables = l2TablesOf(l1, header, { fileSize, maxTableBytes })
  const runs = new RunList(header.clusterSize, maxLayoutBytes)
  const context: L2Context = { header, fileSize, runs }
  addRegions(runs, header)

  const digest = new MetadataDigest(header, l1)
  digest.head(head.subarray(0, header.headerBytes))
  for await (const { bytes, index } of readInOrder({ read: source, tables, tableBytes: header.clusterSize, signal })) {
    digest.table(bytes, tables.offsets[index] ?? 0)
    runs.addRegion('metadata', tables.offsets[index] ?? 0, bytes.length)
    addTable(context, viewOf(bytes), firstGuestOf(tables, index, header))
  }
  const sorted = separateRuns(runs, maxLayoutBytes)
  return new Qcow2Layout({ header, fileSize, runs: sorted, metadataDigest: digest.finish() })
}

function firstGuestOf(tables: L2Tables, index: number, { l2Entries, clusterSize }: Qcow2Header): number {
  return (tables.l1Indexes[index] ?? 0) * l2Entries * clusterSize
}

function addRegions(runs: RunList, header: Qcow2Header): void {
  runs.addRegion('metadata', 0, header.headerBytes)
  runs.addRegion('metadata', header.l1Offset, header.l1Entries * 8)
  for (const { offset, bytes } of header.reserved) runs.addRegion('reserved', offset, bytes)
}

async function exactly(
  read: ReadAt,
  { offset, length }: { offset: number; length: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await read(offset, length, signal)
  if (bytes.length === length) return bytes
  throw new Fault('image_truncated', `of ${length} bytes at ${offset} of the qcow2 image only ${bytes.length} came`)
}

/** sha256 of all metadata in the order of the file, in which the L1 table may be anywhere. */
class MetadataDigest {
  readonly #hash: Hash = createHash('sha256')
  readonly #l1Offset: number
  #l1: Uint8Array | undefined

  constructor(header: Qcow2Header, l1: Uint8Array) {
    this.#l1Offset = header.l1Offset
    this.#l1 = l1
  }

  head(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  table(bytes: Uint8Array, offset: number): void {
    if (offset > this.#l1Offset) this.#addL1()
    this.#hash.update(bytes)
  }

  finish(): Uint8Array {
    this.#addL1()
    return this.#hash.digest()
  }

  #addL1(): void {
    if (this.#l1) this.#hash.update(this.#l1)
    this.#l1 = undefined
  }
}
