import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'

export type ChunkWork = { number: number; offset: number; bytes: number }
export type ChunkReply = { number: number; digest: string }

// A thread that hashes one chunk after another, each for itself.
const memory = workerData as SharedArrayBuffer

parentPort?.on('message', ({ number, offset, bytes }: ChunkWork) => {
  const digest = createHash('sha256')
    .update(new Uint8Array(memory, offset, bytes))
    .digest('hex')
  const reply: ChunkReply = { number, digest }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(reply)
})
