import { closeSync, openSync, renameSync, writeSync } from 'node:fs'
import { pino } from 'pino'
import type { Logger } from 'pino'

export type LogLine = { level: number; time: string; msg: string } & Record<string, unknown>

const mostBytes = 4 * 1024 * 1024

/** The agent's log: JSON lines in a file whose older half is kept beside it, and each line to `onLine`. */
export function ramdiskLog({ file, onLine }: { file: string; onLine: (line: LogLine) => void }): Logger {
  let fd = openSync(file, 'a')
  let bytes = 0
  const keep = (line: string) => {
    bytes += writeSync(fd, line)
    if (bytes < mostBytes) return
    closeSync(fd)
    renameSync(file, `${file}.1`)
    fd = openSync(file, 'a')
    bytes = 0
  }
  return pino(
    { level: 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime },
    {
      write(line: string) {
        keep(line)
        onLine(JSON.parse(line) as LogLine)
      },
    },
  )
}
