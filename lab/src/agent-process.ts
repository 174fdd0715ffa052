import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'

/** How an agent's process ended: it asked the machine to go off or to restart, or it died. */
export type AgentEnd = 'power off' | 'reboot' | 'died'

export type AgentProcess = {
  readonly pid: number
  readonly ended: Promise<AgentEnd>
  /** What losing power does to software: SIGKILL to the whole process group. */
  kill(): Promise<void>
}

export type AgentStart = { kernelParams: string; disk: string; macs: readonly string[]; logFile: string }
export type LaunchAgent = (start: AgentStart) => AgentProcess

const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

/** Exit statuses by which an agent outside of a ramdisk tells what its machine should do. */
export const agentExit = { powerOff: 0, reboot: 64 }

/** Starts the real agent as a process of its own, with the machine's disk and addresses. */
export const launchAgent: LaunchAgent = ({ kernelParams, disk, macs, logFile }) => {
  const log = createWriteStream(logFile, { flags: 'a' })
  const child = spawn(
    process.execPath,
    [cli, 'agent', '--disk', disk, ...macs.flatMap((mac) => ['--mac', mac])],
    // The parameters hold the agent's token: in the environment they are not in every user's list of processes.
    { env: { ...process.env, FERRITE_KERNEL_PARAMS: kernelParams }, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  )
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  const ended = new Promise<AgentEnd>((resolve) => {
    child.once('error', () => resolve('died'))
    child.once('close', (code) => {
      log.end()
      resolve(code === agentExit.powerOff ? 'power off' : code === agentExit.reboot ? 'reboot' : 'died')
    })
  })
  return {
    pid: child.pid ?? 0,
    ended,
    async kill() {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid)
      await ended
      await finished(log).catch(() => {})
    },
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
