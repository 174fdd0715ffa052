import { z } from 'zod'
import type { Lab } from '../lab.ts'
import type { Machine } from '../machine.ts'
import type { VmLab } from '../vm/vm-lab.ts'

/** What somebody who works with a lab needs to know of it. */
export const labView = z.object({
  machines_as: z.enum(['vm', 'process']),
  networks_as: z.string(),
  dir: z.string(),
  conductor: z.object({ url: z.string(), log: z.string() }).nullable(),
  images: z.string(),
  /** One that boots here, as machines reach it. */
  image: z.object({ url: z.string(), sha256: z.string(), description: z.string() }).nullable(),
  switch: z.string(),
  deploy_iso: z.string(),
  machines: z.array(
    z.object({
      name: z.string(),
      power: z.enum(['On', 'Off']),
      state: z.string(),
      reason: z.string(),
      network: z.string().nullable(),
      firmware: z.string().nullable(),
      bmc: z.object({ kind: z.string(), address: z.string(), username: z.string(), password: z.string() }),
      macs: z.array(z.string()),
      disk: z.string(),
      disk_bytes: z.number(),
      console_log: z.string(),
      console_socket: z.string().nullable(),
      /** Body for POST /v1/nodes, and what POST /v1/ports takes beside node and address. */
      node: z.record(z.string(), z.unknown()),
      port: z.record(z.string(), z.unknown()),
    }),
  ),
})
export type LabView = z.infer<typeof labView>
type MachineView = LabView['machines'][number]

export async function viewOfVms(lab: VmLab, conductor: boolean, image: LabView['image']): Promise<LabView> {
  const machines = lab.machines.map(async (one): Promise<MachineView> => {
    const { machine, redfish, ipmi } = one
    const account = redfish?.account ?? ipmi?.account ?? { username: '', password: '' }
    const address = redfish ? redfish.url : `${ipmi?.address}:${ipmi?.port}`
    const { node, port = {} } = await lab.enrollment(one)
    return {
      ...seen(machine),
      network: lab.network.switch.networkOf(machine.macs[0] ?? ''),
      firmware: machine.firmware,
      bmc: { kind: one.kind, address, ...account },
      console_socket: machine.viewersPath,
      node,
      port,
    }
  })
  return {
    ...{ machines_as: 'vm' as const, networks_as: lab.network.kind, dir: lab.dir, images: lab.images.url },
    ...{ switch: lab.network.switch.url, deploy_iso: lab.deployIso, image },
    conductor: conductor ? { url: lab.conductor.url, log: lab.conductor.logFile } : null,
    machines: await Promise.all(machines),
  }
}

export function viewOfProcesses(lab: Lab, conductor: boolean): LabView {
  const machines = lab.machines.map(({ machine, bmc }): MachineView => ({
    ...seen(machine),
    network: lab.switch.networkOf(machine.macs[0] ?? ''),
    firmware: null,
    bmc: { kind: 'redfish', address: bmc.url, ...bmc.account },
    console_socket: null,
    port: {},
    node: {
      name: machine.name,
      driver: 'redfish',
      network_interface: 'flat',
      driver_info: {
        redfish_address: bmc.url,
        redfish_username: bmc.account.username,
        redfish_password: bmc.account.password,
        deploy_iso: lab.deployIso,
      },
    },
  }))
  return {
    ...{ machines_as: 'process' as const, networks_as: 'wires', dir: lab.dir, images: lab.images.url },
    ...{ switch: lab.switch.url, deploy_iso: lab.deployIso, machines, image: null },
    conductor: conductor ? { url: lab.conductor.url, log: lab.conductor.logFile } : null,
  }
}

const seen = (machine: Machine) => ({
  name: machine.name,
  power: machine.power,
  state: machine.state,
  reason: machine.reason,
  macs: [...machine.macs],
  disk: machine.disk.path,
  disk_bytes: machine.disk.sizeBytes,
  console_log: machine.consoleFile,
})
