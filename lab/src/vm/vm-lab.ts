import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildBootIso } from '@ferrite/conductor/iso/boot-iso'
import { Fault } from '@ferrite/shared/fault'
import { startConductorProcess } from '../conductor-process.ts'
import type { ConductorProcess } from '../conductor-process.ts'
import { freePort } from '../free-port.ts'
import { openImages } from '../images.ts'
import type { Images, LabImage } from '../images.ts'
import { LabClient } from '../lab-client.ts'
import { openChassisControl } from './chassis-control.ts'
import { enrollmentOf } from './enrollment.ts'
import type { Enrollment } from './enrollment.ts'
import { whatIsMissing } from './needs.ts'
import { ramdiskFiles } from './ramdisk-files.ts'
import type { RamdiskFiles } from './ramdisk-files.ts'
import { openNetnsNetwork } from './netns-network.ts'
import { openSwitchNetwork } from './switch-network.ts'
import { startVmMachine } from './vm-lab-machine.ts'
import type { VmLabMachine, VmSpec } from './vm-lab-machine.ts'
import { hostAddress } from './vm-network.ts'
import type { NetworkOptions, VmNetwork } from './vm-network.ts'

export type VmLabOptions = {
  machines?: number | VmSpec[]
  net?: 'switch' | 'netns'
  /** Settings of the conductor beside the lab's own; false starts none. */
  conductor?: Record<string, unknown> | false
  /** Directory for disks, logs and the conductor's state; one that is given is kept at the end. */
  dir?: string
  /** Directory for sockets, whose paths must be short; one that is given is its giver's to remove. */
  socketDir?: string
  ramdisk?: RamdiskFiles
  onProgress?: (line: string) => void
}

/** Virtual machines behind BMCs on networks of their own, an image server, and a conductor that knows none of it is made up. */
export type VmLab = AsyncDisposable & {
  readonly dir: string
  readonly machines: VmLabMachine[]
  readonly images: Images
  readonly network: VmNetwork
  readonly ramdisk: RamdiskFiles
  /** URL of the ISO image that machines boot their ramdisk from, as BMCs fetch it. */
  readonly deployIso: string
  readonly api: LabClient
  readonly conductor: ConductorProcess
  addMachine(spec?: VmSpec): Promise<VmLabMachine>
  /** What an operator has to tell about a machine to enrol it. */
  enrollment(machine: VmLabMachine): Promise<Enrollment>
  /** A URL on this computer's loopback as machines reach it. */
  reachable(url: string): string
  /** The image as machines reach it. */
  forMachines(image: LabImage): LabImage
}

/** Starts everything; disposing stops everything and removes its files. Fault not_found names what is not installed. */
export async function startVmLab(options: VmLabOptions = {}): Promise<VmLab> {
  const specs = specsOf(options.machines ?? 1)
  const net = options.net ?? 'switch'
  const lacking = whatIsMissing({
    firmware: specs.map(({ firmware }) => firmware ?? 'bios'),
    bmcs: specs.map(({ bmc }) => bmc ?? 'redfish'),
    net,
  })
  if (lacking) throw new Fault('not_found', lacking)
  await using stack = new AsyncDisposableStack()
  const socketDir = options.socketDir ?? (await mkdtemp(path.join(tmpdir(), 'fl-')))
  if (!options.socketDir) stack.defer(() => rm(socketDir, { recursive: true, force: true, maxRetries: 3 }))
  const dir = options.dir ?? (await mkdtemp(path.join(tmpdir(), 'ferrite-lab-')))
  if (options.dir) await mkdir(dir, { recursive: true })
  else stack.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }))
  const ramdisk = options.ramdisk ?? (await ramdiskFiles(options.onProgress))
  const images = stack.use(await openImages())
  const deployIso = await serveIso(images, ramdisk, dir)
  const ramdiskPort = await freePort()
  const boot = await bootPlaces(dir, ramdiskPort)
  const openNetwork = net === 'netns' ? openNetnsNetwork : openSwitchNetwork
  const network = stack.use(await openNetwork({ socketDir, dir, ...boot }))
  const chassis = stack.use(await openChassisControl(socketDir))

  const machines: VmLabMachine[] = []
  stack.defer(async () => {
    for (const machine of machines) await machine[Symbol.asyncDispose]()
  })
  const addMachine = async (spec: VmSpec = {}): Promise<VmLabMachine> => {
    const added = await startVmMachine(spec, { dir, socketDir, index: machines.length, network, chassis })
    machines.push(added)
    return added
  }
  for (const spec of specs) await addMachine(spec)

  let conductor: ConductorProcess | undefined
  if (options.conductor !== false) {
    const settings = { ...settingsFor(network, boot, ramdisk), ...options.conductor }
    conductor = stack.use(await startConductorProcess({ dir, settings, ramdiskPort, ramdiskHost: hostAddress }))
    await network.expose(ramdiskPort)
  }
  await network.expose(Number(new URL(images.url).port))
  const all = stack.move()
  return {
    ...{ dir, machines, images, network, ramdisk, deployIso, addMachine },
    api: new LabClient(conductor?.url ?? 'http://127.0.0.1:6385', deployIso),
    enrollment: (machine) => enrollmentOf(machine, { network, deployIso }),
    reachable,
    forMachines: (image) => ({ ...image, url: reachable(image.url) }),
    get conductor() {
      if (!conductor) throw new Error('this lab was started without a conductor')
      return conductor
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

const reachable = (url: string): string => url.replace('//127.0.0.1:', `//${hostAddress}:`)

type BootPlaces = Omit<NetworkOptions, 'socketDir' | 'dir'>

/** Directories that the conductor writes and the networks' servers read. */
async function bootPlaces(dir: string, ramdiskPort: number): Promise<BootPlaces> {
  const [hostsDir, optsDir, tftpRoot] = ['dhcp-hosts', 'dhcp-opts', 'tftp'].map((name) => path.join(dir, name))
  const places = { hostsDir: hostsDir ?? '', optsDir: optsDir ?? '', tftpRoot: tftpRoot ?? '' }
  for (const directory of Object.values(places)) await mkdir(directory, { recursive: true })
  const dhcpLog = path.join(dir, 'dhcp.log')
  await writeFile(dhcpLog, '', { flag: 'a' })
  return { ...places, dhcpLog, scriptUrl: `http://${hostAddress}:${ramdiskPort}/ferrite/v1/boot/boot.ipxe` }
}

const settingsFor = (network: VmNetwork, boot: BootPlaces, ramdisk: RamdiskFiles) => ({
  enabled_hardware_types: 'redfish,ipmi',
  ...(network.namespace === undefined ? { switch_url: network.switch.url } : { bridge_namespace: network.namespace }),
  // Where the image server is for machines, the conductor cannot reach it.
  image_server_check: 'false',
  dhcp_provider: 'dnsmasq',
  dhcp_hostsdir: boot.hostsDir,
  dhcp_optsdir: boot.optsDir,
  dhcp_log: boot.dhcpLog,
  tftp_root: boot.tftpRoot,
  file_url_allowed_paths: path.dirname(ramdisk.kernel),
  deploy_kernel: `file://${ramdisk.kernel}`,
  deploy_ramdisk: `file://${ramdisk.ramdisk}`,
  ipmi_min_command_interval: 0,
  agent_command_poll_interval: 1,
  post_deploy_get_power_state_retry_interval: 1,
  check_provision_state_interval: 2,
})

async function serveIso(images: Images, ramdisk: RamdiskFiles, dir: string): Promise<string> {
  const out = path.join(dir, 'deploy.iso')
  await buildBootIso({ ...ramdisk, kernelArgs: 'boot_method=vmedia console=ttyS0,115200', out })
  return (await images.add('deploy.iso', { file: out })).url
}

const specsOf = (machines: number | VmSpec[]): VmSpec[] =>
  typeof machines === 'number' ? Array.from({ length: machines }, () => ({})) : machines
