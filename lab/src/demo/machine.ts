import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '@ferrite/shared/fault'
import { GiB } from '@ferrite/shared/units'
import type { LabMachine } from '../lab-machine.ts'
import { startLab, type Lab } from '../lab.ts'
import type { MachineState } from '../machine.ts'

export const machineName = 'web-01'
const bootTimeoutMs = 15_000

/** One machine whose disk has room for the image, and everything around it; files below `dir`, which stays. */
export async function startDemoLab(imageBytes: number, dir: string): Promise<Lab> {
  const diskBytes = Math.max(8 * GiB, Math.ceil(imageBytes / GiB + 1) * GiB)
  return await startLab({
    dir,
    machines: [{ name: machineName, diskBytes }],
    conductor: { enabled_hardware_types: 'redfish' },
  })
}

/** The network that the switch has the machine on. */
export const networkOf = (lab: Lab, { machine }: LabMachine): string =>
  lab.switch.networkOf(machine.macs[0] ?? '') ?? 'none'

const words: Record<MachineState, string> = {
  off: 'off',
  firmware: 'firmware starts',
  ramdisk: 'runs the agent',
  hung: 'hangs',
  running: 'runs from its disk',
  'nothing to boot': 'finds nothing to boot',
}

export const doingOf = ({ machine }: { machine: { state: MachineState } }): string => words[machine.state]

/** What the firmware starts from once the deploy is over. Fault where it finds nothing. */
export async function bootedFrom({ machine }: LabMachine, signal: AbortSignal): Promise<string> {
  const limit = delay(bootTimeoutMs, undefined, { signal, ref: false })
  await Promise.race([machine.until('running', 'nothing to boot', 'off', 'hung', 'ramdisk'), limit])
  if (machine.state === 'running') return machine.reason || 'its disk'
  throw new Fault('step_failed', `the machine did not start from its disk: ${words[machine.state]}`)
}
