import { cutPainted, type Terminal } from '../terminal.ts'

/** A part of the terminal that is drawn again and again in place. Disposing leaves the last picture and a cursor. */
export type Live = Disposable & { draw(lines: readonly string[]): void }

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const clearToEndOfLine = '\u001b[K'
const clearBelow = '\u001b[J'

/** A live region at the cursor; `terminal.tty` must be true. */
export function openLive(terminal: Terminal): Live {
  let height = 0
  const up = () => (height ? `\u001b[${height}A\r` : '')
  terminal.write(hideCursor)
  // A crash elsewhere must not leave the operator without a cursor.
  const restore = () => terminal.write(showCursor)
  process.once('exit', restore)
  return {
    draw(lines) {
      const rows = Math.max(5, (process.stdout.rows || 24) - 1)
      // A line that wraps takes more rows than are gone back over with the next picture.
      const shown = lines.slice(-rows).map((line) => cutPainted(line, terminal.width))
      terminal.write(up() + shown.map((line) => `${line}${clearToEndOfLine}\n`).join('') + clearBelow)
      height = shown.length
    },
    [Symbol.dispose]() {
      process.off('exit', restore)
      restore()
    },
  }
}
