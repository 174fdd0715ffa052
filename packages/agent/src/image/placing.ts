import type { ClusterDecoders } from './decode/cluster-decoders.ts'
import type { Digester } from './digester.ts'
import type { Pieces } from './guest-pieces.ts'
import type { Landing, Piece } from './landing.ts'
import type { FirstSlab } from './pour.ts'
import { slabBytes } from './slab-pool.ts'
import type { SlabPool } from './slab-pool.ts'

export type PlacingParts = {
  landing: Landing
  digester: Digester
  pool: SlabPool
  clusterSize: number
  decoders: ClusterDecoders | undefined
}

/** Writes from one slab at a time: a fragmented image has many small ones. */
const writesPerSlab = 8

/** Hashes a slab of a qcow2 file, brings all its pieces to the disk, one step after another, and gives it back. */
export async function placePieces(
  parts: PlacingParts,
  steps: Iterable<Pieces>,
  { slab, length }: FirstSlab,
): Promise<void> {
  const { digester, pool } = parts
  const put = async () => {
    for (const { data, clusters } of steps) await allOf([putData(parts, data), putClusters(parts, clusters)])
  }
  try {
    const hashed = length > 0 ? digester.hash({ offset: slab.offset, bytes: length }) : Promise.resolve()
    await allOf([hashed, put()])
  } finally {
    pool.give(slab)
  }
}

async function allOf(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason
}

/** Straight from the slab of the file: nothing is copied. */
async function putData({ landing }: PlacingParts, data: readonly number[]): Promise<void> {
  const pieces: Piece[] = []
  for (let at = 0; at < data.length; at += 3) {
    pieces.push({ offset: data[at] ?? 0, bytes: data[at + 1] ?? 0, position: data[at + 2] ?? 0 })
  }
  await putAll(landing, pieces)
}

async function putAll(landing: Landing, pieces: readonly Piece[]): Promise<void> {
  let next = 0
  const lane = async () => {
    for (let piece = pieces[next++]; piece; piece = pieces[next++]) await landing.put(piece)
  }
  const lanes = Array.from({ length: Math.min(writesPerSlab, pieces.length) }, lane)
  await allOf(lanes)
}

/** Decodes as many clusters at a time as fit into a slab, and writes those together that lie together on the disk. */
async function putClusters(parts: PlacingParts, clusters: readonly number[]): Promise<void> {
  const perSlab = Math.floor(slabBytes / parts.clusterSize) * 5
  const batches: Promise<void>[] = []
  for (let at = 0; at < clusters.length; at += perSlab) {
    const slab = await parts.pool.take()
    const batch = putBatch(parts, clusters.slice(at, at + perSlab), slab.offset)
    batches.push(batch.finally(() => parts.pool.give(slab)))
    // Seen below; in the meantime nobody waits for it.
    batch.catch(() => undefined)
  }
  await allOf(batches)
}

async function putBatch(parts: PlacingParts, clusters: readonly number[], offset: number): Promise<void> {
  const { landing, decoders, clusterSize } = parts
  const work = new Float64Array((clusters.length / 5) * 4)
  const pieces: Piece[] = []
  let end = -1
  for (let index = 0; index * 5 < clusters.length; index += 1) {
    const [isCarried = 0, from = 0, bytes = 0, position = 0, length = 0] = clusters.slice(index * 5, index * 5 + 5)
    const place = offset + index * clusterSize
    work.set([isCarried, from, bytes, place], index * 4)
    const last = pieces.at(-1)
    if (last && position === end && last.bytes % clusterSize === 0) last.bytes += length
    else pieces.push({ offset: place, bytes: length, position })
    end = position + length
  }
  await decoders?.decode(work)
  await putAll(landing, pieces)
}
