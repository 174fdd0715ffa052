import { decodeCluster } from './decode-cluster.ts'
import type { Qcow2Layout } from './layout.ts'
import type { ReadAt } from './read-at.ts'

/** The first `length` bytes of the disk that the image is of. */
export async function guestHead(
  layout: Qcow2Layout,
  read: ReadAt,
  length: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const head = new Uint8Array(Math.min(length, layout.virtualSize))
  for (const extents = layout.fileExtents(); extents.next();) {
    const { kind, hostOffset, guestOffset, guestLength } = extents
    if (kind === 'metadata' || guestOffset >= head.length) continue
    const wanted = Math.min(guestLength, head.length - guestOffset)
    if (kind === 'data') head.set(await read(hostOffset, wanted, signal), guestOffset)
    else {
      const cluster = new Uint8Array(layout.clusterSize)
      decodeCluster(layout.compression, await read(hostOffset, extents.length, signal), cluster)
      head.set(cluster.subarray(0, wanted), guestOffset)
    }
  }
  return head
}
