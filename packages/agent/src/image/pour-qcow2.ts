import type { Disk } from '../hardware/disk.ts'
import { ClusterDecoders } from './decode/cluster-decoders.ts'
import type { Digester } from './digester.ts'
import { Flight } from './flight.ts'
import { GuestPieces } from './guest-pieces.ts'
import type { Pieces } from './guest-pieces.ts'
import type { Landing } from './landing.ts'
import { placePieces } from './placing.ts'
import { readOrGive } from './pour.ts'
import type { FirstSlab, Pour } from './pour.ts'
import { FilePass } from './qcow2/file-pass.ts'
import type { Qcow2Layout } from './qcow2/layout.ts'
import { Room } from './room.ts'
import { slabBytes } from './slab-pool.ts'

export type Qcow2Pour = Omit<Pour, 'digester'> & { digester: Digester; disk: Disk; layout: Qcow2Layout }

/** Slabs of the file at a time; the others are for what compressed clusters become. */
const fileSlabs = 5
/** As much of the file at a time where clusters are smaller than blocks of the disk. */
const stepBytes = 256 * 1024

/**
 * Lets the file pass once, from front to back: every byte is hashed, and each cluster goes to its place on the disk, as it is
 * or decoded. What the image has no clusters for becomes zeros. Returns the size of the disk that the image is of.
 */
export async function pourQcow2(job: Qcow2Pour, first: FirstSlab): Promise<number> {
  const { layout, landing, source, pool } = job
  const flight = new Flight(job.onFailure)
  const { compressedClusters, longestCompressed } = layout.sums()
  const { compression, clusterSize } = layout
  const pieces = new GuestPieces(pool, longestCompressed)
  await using decoders =
    compressedClusters > 0 ? new ClusterDecoders({ ...pieces.shared, compression, clusterSize }) : undefined
  const parts = { ...job, clusterSize, decoders }
  const isFine = layout.grain < job.disk.alignment
  const room = new Room(isFine ? 1 : fileSlabs)
  const pass = new FilePass(layout)
  if (isFine) landing.expect((start, end) => layout.dataBetween(start, end))
  try {
    flight.add(zeros(landing, layout, flight))
    for (let ready: FirstSlab | undefined = first; ; ready = undefined) {
      await room.enter()
      flight.check()
      const slab = ready?.slab ?? (await pool.take())
      const length = ready?.length ?? (await readOrGive(source, slab, pool))
      pieces.begin(slab)
      const steps = piecesOf(pass, pieces, slab.bytes.subarray(0, length), isFine ? stepBytes : slabBytes)
      const placed = placePieces(parts, isFine ? steps : [...steps], { slab, length })
      flight.add(placed.finally(() => room.leave()))
      if (length < slab.bytes.length) break
    }
    await flight.landed()
    flight.check()
    pass.end()
    await landing.finish()
  } catch (error) {
    await flight.landed()
    flight.check()
    throw error
  }
  return layout.virtualSize
}

/** What is in each step of a slab, found when its turn comes. */
function* piecesOf(pass: FilePass, pieces: GuestPieces, bytes: Uint8Array, step: number): Generator<Pieces> {
  for (let at = 0; at < bytes.length; at += step) {
    pass.push(bytes.subarray(at, at + step), pieces)
    yield pieces.take()
  }
}

async function zeros(landing: Landing, layout: Qcow2Layout, flight: Flight): Promise<void> {
  for (const extents = layout.zeroExtents(); extents.next() && !flight.failed;) {
    await landing.putZeros(extents.guestOffset, extents.length)
  }
}
