import type { Readable } from 'node:stream'
import { Fault } from '@ferrite/shared/fault'

/** The whole stream. Fault too_large, and the connection is dropped, when it is longer than `maxBytes`. */
export async function readLimited(stream: Readable, maxBytes: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    const bytes = chunk as Buffer
    length += bytes.length
    if (length > maxBytes) {
      stream.destroy()
      throw new Fault('too_large', `the answer to ${what} is longer than ${maxBytes} bytes`)
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
