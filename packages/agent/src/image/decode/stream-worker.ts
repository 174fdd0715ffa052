import { parentPort, workerData } from 'node:worker_threads'
import { BadData, ZlibEngine } from './zlib-engine.ts'
import type { EngineFormat } from './zlib-engine.ts'

export type StreamWorkerData = { memory: SharedArrayBuffer; format: EngineFormat }
/** Compressed bytes to take, the last ones or not; or room to fill. */
export type StreamWork =
  | { kind: 'input'; offset: number; bytes: number; last: boolean }
  | { kind: 'output'; offset: number; bytes: number }
export type StreamReply =
  | { kind: 'taken'; offset: number }
  | { kind: 'filled'; bytes: number; ended: boolean }
  | { kind: 'failed'; message: string; code: string }

// The thread that decodes: compressed slabs in, decoded slabs out, in memory that all threads see.
const { memory, format } = workerData as StreamWorkerData
const engine = new ZlibEngine(format)
const inputs: { offset: number; bytes: number; last: boolean; done: number }[] = []
let output: { offset: number; bytes: number; done: number } | undefined
let ended = false

parentPort?.on('message', (work: StreamWork) => {
  if (work.kind === 'input') inputs.push({ ...work, done: 0 })
  else output = { offset: work.offset, bytes: work.bytes, done: 0 }
  try {
    decode()
  } catch (error) {
    if (!(error instanceof BadData)) throw error
    reply({ kind: 'failed', message: error.message, code: error.code })
  }
})

/** As far as input and room reach. */
function decode(): void {
  for (let input = inputs[0]; output && input && !ended; input = inputs[0]) {
    const into = new Uint8Array(memory, output.offset + output.done, output.bytes - output.done)
    const { consumed, produced } = engine.step(
      new Uint8Array(memory, input.offset + input.done, input.bytes - input.done),
      into,
    )
    input.done += consumed
    output.done += produced
    if (output.done === output.bytes) filled()
    else if (input.done < input.bytes) throw new BadData('there is other data after its end', 'TRAILING')
    else {
      inputs.shift()
      reply({ kind: 'taken', offset: input.offset })
      if (input.last) end(output)
    }
  }
  if (output && ended) filled()
}

function end({ offset, bytes, done }: { offset: number; bytes: number; done: number }): void {
  engine.finish(new Uint8Array(memory, offset + done, bytes - done))
  ended = true
}

function filled(): void {
  reply({ kind: 'filled', bytes: output?.done ?? 0, ended })
  output = undefined
}

function reply(message: StreamReply): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(message)
}
