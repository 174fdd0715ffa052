import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:dgram'

export type TimeServer = { address: string; port: number; attempts: number; timeoutMs?: number }

/** Seconds between the epochs of NTP (1900) and Unix. */
const eras = 2_208_988_800

/** Asks a time server (SNTP, RFC 4330) how many milliseconds our clock is behind. Error when it never answers sensibly. */
export async function askTime(newSocket: () => Socket, server: TimeServer): Promise<number> {
  for (let left = server.attempts; ; left -= 1) {
    try {
      return await askOnce(newSocket(), server)
    } catch (error) {
      if (left <= 1) throw error
    }
  }
}

function askOnce(socket: Socket, { address, port, timeoutMs = 2_000 }: TimeServer): Promise<number> {
  const request = Buffer.alloc(48)
  // Version 4, client. The nonce in place of our time comes back: nobody off the path can answer.
  request[0] = 0x23
  const nonce = randomBytes(8)
  nonce.copy(request, 40)
  return new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), timeoutMs)
    const sentAt = Date.now()
    socket.once('error', reject)
    socket.on('message', (answer) => {
      const receivedAt = Date.now()
      const offset = offsetIn(answer, nonce, { sentAt, receivedAt })
      if (offset !== undefined) resolve(offset)
      clearTimeout(timer)
      if (offset === undefined) reject(new Error('an answer that is none'))
    })
    socket.send(request, port, address, (error) => error && reject(error))
  }).finally(() => socket.close())
}

/** Undefined for an answer to another question, or of a server that has no time itself. */
export function offsetIn(
  answer: Buffer,
  nonce: Buffer,
  { sentAt, receivedAt }: { sentAt: number; receivedAt: number },
): number | undefined {
  const stratum = answer[1] ?? 0
  if (answer.length < 48 || ((answer[0] ?? 0) & 7) !== 4 || stratum === 0 || stratum > 15) return undefined
  if (!answer.subarray(24, 32).equals(nonce)) return undefined
  const [received, sent] = [timeAt(answer, 32), timeAt(answer, 40)]
  if (sent === 0) return undefined
  return (received - sentAt + (sent - receivedAt)) / 2
}

/** Unix milliseconds; 0 for none. */
function timeAt(packet: Buffer, at: number): number {
  const seconds = packet.readUInt32BE(at)
  if (seconds === 0) return 0
  return (seconds - eras) * 1000 + (packet.readUInt32BE(at + 4) / 2 ** 32) * 1000
}
