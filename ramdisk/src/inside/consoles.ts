import { constants, openSync, readFileSync, write } from 'node:fs'

/** A place where people look. A screen is redrawn, a serial line gets one line after the other. */
export type Console = { isScreen: boolean; write(text: string): void }

/** Texts that may wait for a slow or stuck line; what comes beyond is dropped, never waited for. */
const mostWaiting = 200

/** Every console that the kernel was told of (`console=ttyS0 console=tty0`). */
export function openConsoles(): Console[] {
  const names = readFileSync('/sys/class/tty/console/active', 'utf8').trim().split(/\s+/)
  return names.flatMap((name) => {
    // tty0 is whichever is shown; shells have the others, so the first is ours.
    const isScreen = /^tty\d+$/.test(name)
    try {
      return [consoleAt(`/dev/${isScreen ? 'tty1' : name}`, isScreen)]
    } catch (error) {
      process.stderr.write(`no console on ${name}: ${String(error)}\n`)
      return []
    }
  })
}

function consoleAt(file: string, isScreen: boolean): Console {
  // oxlint-disable-next-line no-bitwise -- flags
  const fd = openSync(file, constants.O_WRONLY | constants.O_NOCTTY)
  const waiting: Buffer[] = []
  let isWriting = false
  const next = () => {
    const [text] = waiting
    if (!text) return (isWriting = false)
    isWriting = true
    // On a thread of the pool: a line whose other end does not read blocks nobody else.
    write(fd, text, (error, written) => {
      if (error) waiting.length = 0
      else if (written < text.length) waiting[0] = text.subarray(written)
      else waiting.shift()
      next()
    })
    return true
  }
  return {
    isScreen,
    write(text) {
      if (waiting.length >= mostWaiting) return
      waiting.push(Buffer.from(text))
      if (!isWriting) next()
    },
  }
}
