import { randomInt } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { writeIso } from '@ferrite/conductor/iso/write'
import { startConductorProcess } from './conductor-process.ts'
import type { ConductorProcess } from './conductor-process.ts'
import { commandLineFile } from './firmware.ts'
import { openImages } from './images.ts'
import type { Images } from './images.ts'
import { LabClient } from './lab-client.ts'
import { startMachine } from './lab-machine.ts'
import type { LabMachine, MachineSpec } from './lab-machine.ts'
import { openSwitch } from './switch.ts'
import type { Switch } from './switch.ts'

export type LabOptions = {
  /** How many, or what each is like. */
  machines?: number | MachineSpec[]
  /** Settings of the conductor beside the lab's own; false starts none. */
  conductor?: Record<string, unknown> | false
  /** Networks that the conductor is on. */
  conductorNetworks?: string[]
  /** Directory for disks, logs and the conductor's state; one that is given is kept at the end. */
  dir?: string
}

/** Machines, BMCs, a switch, an image server, and a conductor that knows none of them is made up. */
export type Lab = AsyncDisposable & {
  readonly dir: string
  readonly machines: LabMachine[]
  readonly images: Images
  readonly switch: Switch
  /** URL of the ISO image that machines boot their ramdisk from. */
  readonly deployIso: string
  readonly api: LabClient
  readonly conductor: ConductorProcess
  addMachine(spec?: MachineSpec): Promise<LabMachine>
}

/** Fast enough for tests; everything else is as the conductor defaults to. */
const settings = {
  enabled_hardware_types: 'redfish,fake-hardware',
  agent_command_poll_interval: 0.3,
  post_deploy_get_power_state_retry_interval: 0.3,
  check_provision_state_interval: 1,
}

/** Starts everything on ports of chance on loopback; disposing stops everything and removes its files. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  await using stack = new AsyncDisposableStack()
  const dir = options.dir ?? (await mkdtemp(path.join(tmpdir(), 'ferrite-lab-')))
  if (options.dir) await mkdir(dir, { recursive: true })
  else stack.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }))
  const net = stack.use(await openSwitch())
  const images = stack.use(await openImages())
  const ramdisk = writeIso({ volumeId: 'lab-ramdisk', files: { [commandLineFile]: Buffer.from('boot_method=vmedia') } })
  const deployIso = (await images.add('deploy.iso', ramdisk)).url

  const machines: LabMachine[] = []
  const reachable = new Set(options.conductorNetworks ?? ['provisioning', 'cleaning'])
  // Every address of 127/8 is this computer: each lab takes a part of its own, each machine an address.
  const part = `127.${randomInt(64, 250)}.${randomInt(0, 250)}`
  const addMachine = async (spec: MachineSpec = {}): Promise<LabMachine> => {
    const index = machines.length
    const address = `${part}.${index + 1}`
    const added = await startMachine(spec, { dir, index, address, switch: net, reachable })
    machines.push(added)
    return added
  }
  stack.defer(async () => {
    for (const { machine, bmc } of machines) {
      await bmc[Symbol.asyncDispose]()
      await machine[Symbol.asyncDispose]()
    }
  })
  for (const spec of specsOf(options.machines ?? 1)) await addMachine(spec)

  const conductor =
    options.conductor === false
      ? undefined
      : stack.use(
          await startConductorProcess({ dir, settings: { ...settings, switch_url: net.url, ...options.conductor } }),
        )
  const api = new LabClient(conductor?.url ?? 'http://127.0.0.1:6385', deployIso)
  const all = stack.move()
  return {
    dir,
    machines,
    images,
    switch: net,
    deployIso,
    api,
    addMachine,
    get conductor() {
      if (!conductor) throw new Error('this lab was started without a conductor')
      return conductor
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

const specsOf = (machines: number | MachineSpec[]): MachineSpec[] =>
  typeof machines === 'number' ? Array.from({ length: machines }, () => ({})) : machines
