import { parentPort, workerData } from 'node:worker_threads'
import { zstdFrameLength } from '../qcow2/zstd-frame.ts'
import { ZlibEngine } from './zlib-engine.ts'

export type ClusterWorkerData = {
  memory: SharedArrayBuffer
  /** Where the clusters are that came in two pieces. */
  carried: SharedArrayBuffer
  compression: 'zlib' | 'zstd'
  clusterSize: number
}
/** Four numbers for each cluster: 1 when its data is in `carried`, offset and length there, offset of its place in memory. */
export type ClusterWork = { number: number; clusters: Float64Array }
export type ClusterReply = { number: number; failure?: string }

// A thread that decodes the compressed clusters of qcow2 images.
const { memory, carried, compression, clusterSize } = workerData as ClusterWorkerData
const engine = new ZlibEngine(compression === 'zlib' ? 'deflate' : 'zstd')

parentPort?.on('message', ({ number, clusters }: ClusterWork) => {
  const reply: ClusterReply = { number }
  try {
    for (let at = 0; at < clusters.length; at += 4) {
      const [isCarried, offset = 0, bytes = 0, place = 0] = clusters.subarray(at, at + 4)
      const input = new Uint8Array(isCarried === 1 ? carried : memory, offset, bytes)
      decode(input, new Uint8Array(memory, place, clusterSize))
    }
  } catch (error) {
    reply.failure = error instanceof Error ? error.message : String(error)
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(reply)
})

/** What follows the compressed data (the rest of its last sector) is not looked at. */
function decode(input: Uint8Array, output: Uint8Array): void {
  engine.reset()
  const data = compression === 'zstd' ? input.subarray(0, zstdFrameLength(input)) : input
  const { produced } = engine.step(data, output)
  if (produced !== output.length) throw new Error(`it has ${produced} bytes instead of ${output.length}`)
}
