import { open, stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import { explain } from '@ferrite/shared/fault'
import type { Clock } from '../core/clock.ts'

// Its lines get the time at which they are read, and stand beside signs that are seen at once.
const everyMs = 100
const mostAtOnce = 1024 * 1024

/** Passes on each line that is added to a log, from now on; a log that is rotated is followed into its new file. */
export async function followLog(
  file: string,
  parts: { clock: Clock; log: Logger; signal: AbortSignal; onLine: (line: string) => void },
): Promise<void> {
  const { clock, log, signal, onLine } = parts
  let place = await here(file)
  let rest = ''
  let told = false
  while (!signal.aborted) {
    try {
      const now = await stat(file)
      if (now.ino !== place.inode || now.size < place.at) place = { inode: now.ino, at: 0 }
      if (now.size > place.at) {
        const text = await part(file, place.at, Math.min(now.size - place.at, mostAtOnce))
        place.at += Buffer.byteLength(text, 'latin1')
        const lines = (rest + text).split('\n')
        rest = (lines.pop() ?? '').slice(-4096)
        lines.forEach(onLine)
      }
      told = false
    } catch (error) {
      if (!told)
        log.warn({ file, reason: explain(error) }, 'the log of dnsmasq cannot be read; boots are traced without it')
      told = true
    }
    await clock.sleep(everyMs, signal).catch(() => undefined)
  }
}

async function here(file: string): Promise<{ inode: number; at: number }> {
  const found = await stat(file).catch(() => undefined)
  return { inode: found?.ino ?? 0, at: found?.size ?? 0 }
}

async function part(file: string, at: number, length: number): Promise<string> {
  await using handle = await open(file, 'r')
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at)
  return buffer.toString('latin1', 0, bytesRead)
}
