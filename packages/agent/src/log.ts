import { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { pino } from 'pino'
import type { Logger } from 'pino'

/** JSON lines to stdout; on a terminal a line that people read. */
export function agentLog(level: string, out: NodeJS.WriteStream & { fd: number } = process.stdout): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return out.isTTY ? pino(options, readable(out)) : pino(options, pino.destination({ fd: out.fd, sync: true }))
}

const colours = { 20: 'gray', 30: 'green', 40: 'yellow', 50: 'red', 60: 'redBright' } as const

function readable(out: NodeJS.WriteStream): Writable {
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      const { level, time, msg, ...facts } = JSON.parse(line) as { level: number; time: string; msg: string }
      const told = Object.entries(facts).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      const colour = colours[level as keyof typeof colours] ?? 'white'
      out.write(
        `${styleText('dim', time.slice(11, 23))} ${styleText(colour, msg)} ${styleText('dim', told.join(' '))}\n`,
      )
      done()
    },
  })
}
