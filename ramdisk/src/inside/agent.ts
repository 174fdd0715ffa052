import { mkdirSync, readFileSync } from 'node:fs'
import { ownSteps, ownStepsVersion } from 'ferrite:own-steps'
import { addOwnSteps } from '@ferrite/agent/steps/table'
import { runAgent } from '@ferrite/agent/run-agent'
import { openConsoles } from './consoles.ts'
import { ramdiskLog } from './log.ts'
import { startScreen } from './screen.ts'

// The agent in its ramdisk: the same as everywhere, with a screen, a log that is kept, and what was built in for it.
const logDirectory = '/var/log/ferrite'
mkdirSync(logDirectory, { recursive: true })
const consoles = openConsoles()
const screen = startScreen(consoles)
const log = ramdiskLog({ file: `${logDirectory}/agent.log`, onLine: screen.onLine })

log.info({ startMs: Math.round(performance.now()) }, 'the agent starts')
addOwnSteps(ownSteps, ownStepsVersion)
const flags = { kernelParams: `${builtIn()} ${readFileSync('/proc/cmdline', 'utf8')}`, disks: [], macs: [] }
const status = await runAgent({ ...flags, bootMode: 'bios', ramdisk: true }, log, { onRunner: screen.watch })
await screen.end()
process.exit(status)

/** Parameters of the build; those of the boot come after them and win. */
function builtIn(): string {
  return readFileSync('/etc/ferrite/params', 'utf8').trim().replaceAll('\n', ' ')
}
