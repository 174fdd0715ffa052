import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { GiB } from '@ferrite/shared/units'
import { openRedfishBmc } from '../bmc-redfish.ts'
import type { Bmc, BmcOptions } from '../bmc-redfish.ts'
import { machineDisk } from '../machine-disk.ts'
import { openIpmiBmc } from './bmc-ipmi.ts'
import type { IpmiBmc } from './bmc-ipmi.ts'
import type { ChassisControl } from './chassis-control.ts'
import type { FirmwareKind } from './firmware-files.ts'
import { VmMachine } from './vm-machine.ts'
import { hostAddress } from './vm-network.ts'
import type { VmNetwork } from './vm-network.ts'

export type BmcKind = 'ipmi' | 'redfish'

export type VmSpec = {
  name?: string
  firmware?: FirmwareKind
  bmc?: BmcKind
  bmcOptions?: BmcOptions
  diskBytes?: number
  memoryMib?: number
  /** The network card brings no boot code: firmware boots by its own PXE and TFTP, and is sent a loader. */
  withoutRom?: boolean
}

/** A virtual machine and the BMC in front of it. */
export type VmLabMachine = AsyncDisposable & {
  machine: VmMachine
  kind: BmcKind
  /** Present for a machine behind Redfish. */
  redfish: Bmc | undefined
  /** Present for a machine behind IPMI. */
  ipmi: IpmiBmc | undefined
}

export type Surroundings = {
  dir: string
  socketDir: string
  index: number
  network: VmNetwork
  chassis: ChassisControl
}

export async function startVmMachine(spec: VmSpec, around: Surroundings): Promise<VmLabMachine> {
  await using stack = new AsyncDisposableStack()
  const { dir, index, network, chassis } = around
  const name = spec.name ?? `machine-${index + 1}`
  const mac = `52:54:00:fe:${hex(index >> 8)}:${hex(index & 255)}`
  const memoryMib = spec.memoryMib ?? 512
  const nics = [{ mac, netdev: await network.plug('n0', name, mac) }]
  stack.defer(() => network.unplug(mac))
  const machine = stack.use(
    await VmMachine.open({
      ...{ name, uuid: randomUUID(), nics, dir, socketDir: around.socketDir, enter: network.enter },
      disk: await machineDisk(path.join(dir, `${name}.disk`), spec.diskBytes ?? 4 * GiB),
      firmware: spec.firmware ?? 'bios',
      memoryMib,
      withoutRom: spec.withoutRom,
      // A BMC has a network of its own, on which this computer's services are where they are.
      mediumUrl: (url) => url.replace(`//${hostAddress}:`, '//127.0.0.1:'),
    }),
  )
  const kind = spec.bmc ?? 'redfish'
  chassis.add(machine)
  const ipmi = kind === 'ipmi' ? stack.use(await openIpmiBmc(machine, { program: chassis.program, dir })) : undefined
  const redfish =
    kind === 'redfish' ? stack.use(await openRedfishBmc(machine, { memoryMib, ...spec.bmcOptions })) : undefined
  const all = stack.move()
  return { machine, kind, redfish, ipmi, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')
