import { writeFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { explain } from '@ferrite/shared/fault'
import { run, runOk } from './run.ts'

const sysrq = { off: 'o', reboot: 'b' } as const

/** Turns this machine off or restarts it: asks init, and when that does not work, the kernel. Everything must be flushed before. */
export async function powerMachine(verb: 'off' | 'reboot', log: Logger): Promise<void> {
  const program = verb === 'off' ? 'poweroff' : 'reboot'
  try {
    const { stdout, stderr } = await runOk(program, [])
    // systemd in a chroot says this and ends well.
    if (!/ignoring request/i.test(stdout + stderr)) return
    log.warn({ program }, 'init ignores the request, asking the kernel')
  } catch (error) {
    log.warn({ program, err: explain(error) }, 'asking the kernel to do it')
  }
  await writeFile('/proc/sys/kernel/sysrq', '1')
  await writeFile('/proc/sysrq-trigger', sysrq[verb])
}

/** Whatever turns a virtual machine off: one program, told `off` or `reboot`. */
export async function powerCommand(program: string, verb: 'off' | 'reboot'): Promise<void> {
  await runOk(program, [verb], { timeoutMs: 60_000 })
}

/** Sets the clock by the first NTP client there is. The server's name is one argument, never a part of a command line. */
export async function syncClock(server: string): Promise<void> {
  if (server.startsWith('-')) return
  const chrony = await run('chronyd', ['-q', `server ${server.replaceAll(/\s/g, '')} iburst`], {
    timeoutMs: 60_000,
  }).catch(() => undefined)
  if (chrony?.code !== 0) await runOk('ntpdate', [server], { timeoutMs: 60_000 })
  await runOk('hwclock', ['--systohc'])
}
