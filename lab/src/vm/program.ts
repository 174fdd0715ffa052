import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'

export type Program = {
  readonly pid: number | undefined
  /** Resolves with why it ended: the signal, or what it said; empty where it ended by itself as it should. */
  readonly ended: Promise<string>
  /** SIGKILL, as a power cut; resolves once it is gone. */
  kill(): Promise<void>
}

/** Starts a program as our child, so that its end is known at once, whoever caused it. */
export function startProgram(command: readonly string[], logFile: string): Program {
  const [file = '', ...args] = command
  const log = openSync(logFile, 'a')
  const child = spawn(file, args, { stdio: ['ignore', log, log], detached: true })
  closeSync(log)
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ?? (code === 0 ? '' : `status ${code}, see ${logFile}`)))
  })
  return {
    pid: child.pid,
    ended,
    async kill() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}
