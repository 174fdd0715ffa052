import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Logger } from 'pino'
import type { Clock } from '../core/clock.ts'
import { programEnvironment } from '../processes/run.ts'

export interface DnsmasqProcess extends AsyncDisposable {
  /** Why it does not serve now. */
  trouble(): string | undefined
}

const firstPauseMs = 500
const longestPauseMs = 30_000
const settledMs = 60_000

/** Keeps a dnsmasq running until disposed: started again when it ends, after growing pauses. Each line it logs is passed on. */
export function superviseDnsmasq(parts: {
  command: readonly [program: string, ...args: string[]]
  clock: Clock
  log: Logger
  onLine: (line: string) => void
}): DnsmasqProcess {
  const stop = new AbortController()
  const state: State = { child: undefined, said: undefined, dead: undefined }
  const running = supervise(parts, state, stop.signal)
  return {
    trouble: () => state.dead,
    async [Symbol.asyncDispose]() {
      stop.abort()
      state.child?.kill('SIGTERM')
      await running
    },
  }
}

type State = { child: ChildProcess | undefined; said: string | undefined; dead: string | undefined }
type Parts = Parameters<typeof superviseDnsmasq>[0]

async function supervise(parts: Parts, state: State, signal: AbortSignal): Promise<void> {
  let pauseMs = firstPauseMs
  while (!signal.aborted) {
    const began = parts.clock.monotonicMs()
    await oneLife(parts, state)
    if (signal.aborted) return
    if (parts.clock.monotonicMs() - began > settledMs) pauseMs = firstPauseMs
    parts.log.error({ reason: state.dead, retryMs: pauseMs }, 'dnsmasq ended; it is started again')
    await parts.clock.sleep(pauseMs, signal).catch(() => undefined)
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}

async function oneLife({ command, onLine }: Parts, state: State): Promise<void> {
  const [program, ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: programEnvironment })
  state.child = child
  state.dead = undefined
  createInterface({ input: child.stderr }).on('line', (line) => {
    state.said = line
    onLine(line)
  })
  const failed = once(child, 'error').then(([error]) => `dnsmasq could not be started: ${(error as Error).message}`)
  const ended = once(child, 'close').then(
    ([code, name]) =>
      `dnsmasq is not running: it ended with ${String(code ?? name)}${state.said ? ` (${state.said})` : ''}`,
  )
  state.dead = await Promise.race([failed.catch(() => ended), ended.catch(() => failed)])
  state.child = undefined
}
