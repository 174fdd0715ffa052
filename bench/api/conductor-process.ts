import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '@ferrite/lab/free-port'

export type ConductorProcess = AsyncDisposable & {
  operatorUrl: string
  ramdiskUrl: string
  rssMb(): Promise<number>
  /** Processor time that it has used so far, all threads. */
  cpuMs(): Promise<number>
}

const cli = path.join(import.meta.dirname, '../../packages/cli/src/main.ts')

/** A conductor as an operator starts it, in a process of its own. `profile` is a directory for a CPU profile. */
export async function startConductor(directory: string, profile: string | undefined): Promise<ConductorProcess> {
  const settings = [
    'enabled_hardware_types=redfish,fake-hardware',
    'host=bench',
    'sync_power_state_interval=0',
    'check_provision_state_interval=10',
    // Nobody answers at the addresses of these agents.
    'agent_command_poll_interval=3600',
    'agent_require_tls=false',
    'agent_callback_cidrs=127.0.0.0/8',
    'log_level=warn',
  ]
  const [listen, ramdiskListen] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  const child = spawn(
    process.execPath,
    [
      ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
      cli,
      'conductor',
      ...['--state-dir', directory, '--listen', listen, '--ramdisk-listen', ramdiskListen],
      ...settings.flatMap((setting) => ['--set', setting]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  createInterface({ input: child.stdout }).on('line', (line) =>
    process.stderr.write(`conductor: ${line.slice(0, 300)}\n`),
  )
  await untilReady(child, `http://${listen}/readyz`)
  return {
    operatorUrl: `http://${listen}`,
    ramdiskUrl: `http://${ramdiskListen}`,
    rssMb: () => rssOf(child),
    cpuMs: () => cpuOf(child),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the conductor ended with code ${child.exitCode}`)
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function rssOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024)
}

// In ticks of a hundredth of a second, as Linux reports them.
async function cpuOf({ pid }: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
