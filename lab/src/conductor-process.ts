import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { freePort } from './free-port.ts'
import { diesWithUs } from './vm/child.ts'

/** A conductor as a process of its own, on fixed ports, so that it can be killed and started again. */
export type ConductorProcess = AsyncDisposable & {
  readonly url: string
  readonly ramdiskUrl: string
  readonly ramdiskPort: number
  readonly pid: number | undefined
  readonly logFile: string
  start(): Promise<void>
  /** SIGKILL: no chance to tidy up. */
  kill(): Promise<void>
  /** SIGTERM, as a service manager stops it. */
  stop(): Promise<void>
}

const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** Writes the settings to a file, starts the conductor and waits until it is ready. */
export async function startConductorProcess(options: {
  dir: string
  settings: Record<string, unknown>
  ramdiskHost?: string
  ramdiskPort?: number
  /** Milliseconds to become ready. */
  readyMs?: number
}): Promise<ConductorProcess> {
  const [port, ramdiskPort] = [await freePort(), options.ramdiskPort ?? (await freePort())]
  // Machines that see this computer's loopback under another address reach the same ports there.
  const own = options.ramdiskHost ? { ramdisk_endpoint: `http://${options.ramdiskHost}:${ramdiskPort}` } : {}
  const url = `http://127.0.0.1:${port}`
  const logFile = path.join(options.dir, 'conductor.log')
  const settings = {
    ...own,
    ...options.settings,
    state_dir: path.join(options.dir, 'conductor'),
    listen: `127.0.0.1:${port}`,
    ramdisk_listen: `127.0.0.1:${ramdiskPort}`,
  }
  let child: ChildProcess | undefined
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    const ending = child
    child = undefined
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const closed = once(ending, 'close')
    ending.kill(signal)
    const timer = setTimeout(() => ending.kill('SIGKILL'), 15_000)
    await closed
    clearTimeout(timer)
  }
  const conductor: ConductorProcess = {
    url,
    ramdiskUrl: `http://127.0.0.1:${ramdiskPort}`,
    ramdiskPort,
    logFile,
    get pid() {
      return child?.pid
    },
    async start() {
      child = launch(settings, logFile)
      await ready(url, child, options.readyMs ?? 20_000, logFile)
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  }
  await conductor.start()
  return conductor
}

function launch(settings: Record<string, unknown>, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a')
  const given = Object.entries(settings).map(
    ([name, value]) => [`FERRITE_${name.toUpperCase()}`, String(value)] as const,
  )
  const [file, ...args] = [...diesWithUs, process.execPath, cli, 'conductor']
  const child = spawn(file, args, {
    env: { ...process.env, ...Object.fromEntries(given) },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  return child
}

async function ready(url: string, child: ChildProcess, limitMs: number, logFile: string): Promise<void> {
  const deadline = performance.now() + limitMs
  for (;;) {
    const answer = await request(`${url}/readyz`).catch(() => undefined)
    await answer?.body.dump()
    if (answer?.statusCode === 200) return
    if (child.exitCode !== null) throw new Error(`the conductor ended with status ${child.exitCode}; see ${logFile}`)
    if (performance.now() > deadline) throw new Error(`the conductor is not ready after ${limitMs} ms; see ${logFile}`)
    await delay(50)
  }
}
