import { formatBytes } from '@ferrite/shared/units'
import { ascendingOrder } from './ascending-order.ts'
import { viewOf } from './big-endian.ts'
import type { Qcow2Header } from './header.ts'
import { hex, refused } from './refuse.ts'

/** The L2 tables in the order of the file: where each one is, and which entry of the L1 table it belongs to. */
export type L2Tables = { offsets: Float64Array; l1Indexes: Uint32Array }

/** The L2 tables that an L1 table names. Fault image_format_refused. */
export function l2TablesOf(
  l1: Uint8Array,
  { clusterSize }: Qcow2Header,
  { fileSize, maxTableBytes }: { fileSize: number; maxTableBytes: number },
): L2Tables {
  const view = viewOf(l1)
  const count = allocatedEntries(view)
  if (count * clusterSize > maxTableBytes) {
    const what = `has L2 tables of ${formatBytes(count * clusterSize)}, more than the ${formatBytes(maxTableBytes)} allowed`
    throw refused(what, 'convert it with qemu-img convert -O qcow2 -o cluster_size=1M, or to raw')
  }
  const offsets = new Float64Array(count)
  const l1Indexes = new Uint32Array(count)
  let found = 0
  for (let at = 0; at < l1.length; at += 8) {
    const offset = tableOffset(view, at)
    if (offset === 0) continue
    if (offset % clusterSize !== 0) throw refused(`has an L2 table at ${hex(offset)}, where no cluster begins`)
    if (offset + clusterSize > fileSize) throw refused(`has an L2 table at ${hex(offset)}, beyond the end of the file`)
    offsets[found] = offset
    l1Indexes[found] = at / 8
    found += 1
  }
  const order = ascendingOrder(offsets, found)
  return {
    offsets: Float64Array.from(order, (from) => offsets[from] ?? 0),
    l1Indexes: Uint32Array.from(order, (from) => l1Indexes[from] ?? 0),
  }
}

function allocatedEntries(view: DataView): number {
  let count = 0
  for (let at = 0; at < view.byteLength; at += 8) if (tableOffset(view, at) !== 0) count += 1
  return count
}

/** 0: none. The highest bit, "used by nobody else", is of no use to a reader. */
function tableOffset(view: DataView, at: number): number {
  const [high, low] = [view.getUint32(at), view.getUint32(at + 4)]
  if ((high & 0x7f00_0000) !== 0 || (low & 0x1ff) !== 0) {
    throw refused(`has reserved bits in entry ${at / 8} of its L1 table`)
  }
  return (high & 0x00ff_ffff) * 2 ** 32 + low
}
