import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { GiB } from '@ferrite/shared/units'
import { launchAgent } from './agent-process.ts'
import { openRedfishBmc } from './bmc-redfish.ts'
import type { Bmc, BmcOptions } from './bmc-redfish.ts'
import { machineDisk } from './machine-disk.ts'
import { ProcessMachine } from './process-machine.ts'
import type { MachineParts } from './process-machine.ts'
import { machineNetwork } from './network.ts'
import type { Switch } from './switch.ts'

/** A machine of the lab and the BMC in front of it. */
export type LabMachine = { machine: ProcessMachine; bmc: Bmc }

export type MachineSpec = {
  name?: string
  diskBytes?: number
  /** An existing file or block device instead of a new sparse file. */
  diskPath?: string
  macs?: readonly string[]
  bmc?: BmcOptions
  firmwareDelayMs?: number
  netboot?: NonNullable<MachineParts['netboot']>
}

type Surroundings = { dir: string; index: number; address: string; switch: Switch; reachable: ReadonlySet<string> }

export async function startMachine(spec: MachineSpec, around: Surroundings): Promise<LabMachine> {
  const { dir, index } = around
  const name = spec.name ?? `machine-${index + 1}`
  const macs = spec.macs ?? [`52:54:00:fe:${hex(index >> 8)}:${hex(index & 255)}`]
  const machine = new ProcessMachine({
    name,
    uuid: randomUUID(),
    macs,
    disk: await machineDisk(spec.diskPath ?? path.join(dir, `${name}.disk`), spec.diskBytes ?? 8 * GiB),
    network: machineNetwork({ address: around.address, macs, switch: around.switch, reachable: around.reachable }),
    launch: launchAgent,
    dir,
    firmwareDelayMs: spec.firmwareDelayMs ?? 50,
    ...(spec.netboot ? { netboot: spec.netboot } : {}),
  })
  return { machine, bmc: await openRedfishBmc(machine, spec.bmc) }
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
