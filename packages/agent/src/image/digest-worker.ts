import { createCipheriv, createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import type { DigestReply, DigestWork, DigestWorkerData } from './digester.ts'

// The thread that hashes: it sees the same memory as the one that receives and writes.
const { memory, algorithm, key, slots, slotBytes } = workerData as DigestWorkerData
const iv = Buffer.alloc(12)
let hash = createHash(algorithm)

/** GMAC: a 128-bit tag at memory speed, with a key nobody else has, so that not even a lying device can match it. */
function tag(offset: number, length: number, slot: number): void {
  const mac = createCipheriv('aes-128-gcm', key, iv)
  mac.setAAD(new Uint8Array(memory, offset, length))
  mac.final()
  slots.set(mac.getAuthTag(), slot * slotBytes)
}

parentPort?.on('message', (work: DigestWork) => {
  if (work.reset) hash = createHash(algorithm)
  if (work.hashBytes > 0) hash.update(new Uint8Array(memory, work.hashOffset, work.hashBytes))
  if (work.tagBytes > 0) tag(work.tagOffset, work.tagBytes, work.slot)
  const reply: DigestReply = { slot: work.slot }
  if (work.finish) reply.digest = hash.digest('hex')
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(reply)
})
