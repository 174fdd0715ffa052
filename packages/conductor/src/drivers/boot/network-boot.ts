import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { BootDevice } from '@ferrite/shared/contracts/nodes'
import type { BootInterface, DriverInfoFields, RamdiskParams } from '../../core/interfaces.ts'
import type { NetworkBoot } from '../../core/node.ts'
import type { Task } from '../../core/task.ts'
import type { DhcpNode, DhcpProvider } from '../../dhcp/provider.ts'
import type { BootFiles } from '../../netboot/boot-files.ts'
import type { KernelArgs } from '../../netboot/kernel-args.ts'
import { loaderName } from '../../netboot/loaders.ts'
import type { NodeFiles } from '../../netboot/node-files.ts'
import { bootModeOf, capability } from '../../steps/capabilities.ts'
import { bringFiles, deploySource, instanceSource, operatorArgs } from './boot-source.ts'
import type { BootDefaults, BroughtFiles } from './boot-source.ts'
import { checkNetworkBoot } from './check-network-boot.ts'
import { writeIpxe, writePxe } from './write-boot-config.ts'

export type NetworkBootName = 'ipxe' | 'pxe' | 'http-ipxe'
export type NetworkBootParts = {
  files: BootFiles
  nodeFiles: NodeFiles
  dhcp: DhcpProvider
  defaults: BootDefaults
  /** `…/ferrite/v1/boot` as boot loaders reach it. Known once the API listens. */
  bootUrl: () => string
  /** Host of the TFTP server. */
  tftpServer(): string
  debug: boolean
}

const url = z.string().min(1)
const fields = {
  deploy_kernel: { schema: url, description: 'URL (http, https, file) of the kernel of the deploy ramdisk.' },
  deploy_ramdisk: { schema: url, description: 'URL (http, https, file) of the deploy ramdisk.' },
  rescue_kernel: {
    schema: url,
    description: 'URL of the kernel of the rescue ramdisk; the deploy ramdisk unless given.',
  },
  rescue_ramdisk: { schema: url, description: 'URL of the rescue ramdisk.' },
  kernel_append_params: {
    schema: z.string(),
    description: 'Kernel parameters for the ramdisk, beside our own; %default% stands for the configuration’s.',
  },
  force_persistent_boot_device: {
    schema: z.enum(['Default', 'Always', 'Never']),
    description: 'Always: the boot device is set for every boot, also for the ramdisk. Never: for one boot only.',
  },
} as const satisfies DriverInfoFields

/** Boots the ramdisk from the network: kernel and ramdisk are served from our cache, by a configuration of the node's own. */
export function networkBoot(name: NetworkBootName, parts: NetworkBootParts): BootInterface {
  return {
    name,
    driverInfo: fields,
    // It comes from the lookup: what travels over the network in clear must not hold it.
    carriesToken: false,
    sees: 'network boot',
    async validate(task) {
      deploySource(task.node, parts.defaults)
      operatorArgs(task.node, parts.defaults)
      if (bootPorts(task).length === 0) {
        throw new Fault(
          'missing_parameter',
          `Node ${task.node.uuid} does not have any port associated with it that has pxe_enabled.`,
        )
      }
    },
    async prepareRamdisk(task, params, mode) {
      const found = await bringFiles(task, parts.files, deploySource(task.node, parts.defaults, mode))
      const args = [...operatorArgs(task.node, parts.defaults), ...ramdiskArgs(params, parts)]
      await offer(name, parts, task, { entry: 'deploy', found, args })
      const persistent = task.node.driver_info['force_persistent_boot_device'] === 'Always'
      await setNetworkBoot(name, task, persistent)
    },
    cleanUpRamdisk: (task) => withdraw(parts, task),
    prepareInstance: (task) => prepareInstance(name, parts, task),
    cleanUpInstance: (task) => withdraw(parts, task),
    check: (task) => checkNetworkBoot(parts, task),
  }
}

/** A token never travels here, whatever the caller has. */
function ramdiskArgs(params: RamdiskParams, { debug }: NetworkBootParts): KernelArgs {
  const given = Object.entries(params).filter(([key]) => key !== 'ipa-agent-token')
  return [['ipa-debug', debug ? '1' : '0'], ...given]
}

type Offer = { entry: 'deploy' | 'boot_partition' | 'boot_ramdisk'; found: BroughtFiles; args: KernelArgs }

/** Makes kernel and ramdisk and a configuration ready, and tells DHCP. What is served is recorded first. */
async function offer(
  name: NetworkBootName,
  parts: NetworkBootParts,
  task: Task,
  { entry, found, args }: Offer,
): Promise<void> {
  const { kernel, ramdisk } = found
  const netboot: NetworkBoot = {
    epoch: task.node.internal.agent?.epoch ?? 0,
    loader: name === 'pxe' ? 'pxe' : 'ipxe',
    files: {
      deploy_kernel: { digest: kernel.digest, size: kernel.size },
      deploy_ramdisk: { digest: ramdisk.digest, size: ramdisk.size },
    },
  }
  await task.save({ internal: { netboot, dnsmasq_tag: parts.dhcp.name === 'dnsmasq' ? task.node.uuid : undefined } })
  // Firmware that is iPXE asks for a script whatever the boot interface is called.
  await writeIpxe(parts, task, { entry, args })
  if (name === 'pxe') await writePxe(parts, task, { found, args, macs: bootMacs(task) })
  await parts.dhcp.prepare(dhcpNode(task), {
    loader: name,
    bootFile: bootFileFor(name, parts, task),
    scriptUrl: `${parts.bootUrl()}/boot.ipxe`,
    tftpServer: parts.tftpServer(),
  })
}

/** Nobody needs to say how a machine boots: without a word the DHCP server sees what its firmware is. */
function bootFileFor(name: NetworkBootName, parts: NetworkBootParts, { node }: Task): string | undefined {
  if (name === 'http-ipxe') return `${parts.bootUrl()}/loader/${loaderName.ipxe.uefi}`
  if (name === 'ipxe' && (capability(node, 'boot_mode') ?? node.boot_mode ?? undefined) === undefined) return undefined
  return loaderName[name][bootModeOf(node)]
}

async function withdraw(parts: NetworkBootParts, task: Task): Promise<void> {
  await parts.nodeFiles.remove(
    task.node.uuid,
    task.ports.map((port) => port.address),
  )
  await parts.dhcp.cleanUp(dhcpNode(task))
  if (task.node.internal.netboot) await task.save({ internal: { netboot: undefined } })
}

async function prepareInstance(name: NetworkBootName, parts: NetworkBootParts, task: Task): Promise<void> {
  const { node } = task
  const fromNetwork = node.deploy_interface === 'ramdisk' || capability(node, 'boot_option') === 'netboot'
  if (!fromNetwork) {
    await withdraw(parts, task)
    const persistent = node.driver_info['force_persistent_boot_device'] !== 'Never'
    await task.interfaces.management.setBootDevice(task, 'disk', { persistent })
    return
  }
  const found = await bringFiles(task, parts.files, instanceSource(node))
  const entry = node.deploy_interface === 'ramdisk' ? 'boot_ramdisk' : 'boot_partition'
  const root = node.internal.root_uuid_or_disk_id
  const own: KernelArgs =
    entry === 'boot_partition' && root
      ? [
          ['root', `UUID=${root}`],
          ['ro', null],
        ]
      : []
  const args = [...own, ...operatorArgs(node, parts.defaults, 'ramdisk_kernel_arguments')]
  await offer(name, parts, task, { entry, found, args })
  await setNetworkBoot(name, task, true)
}

async function setNetworkBoot(name: NetworkBootName, task: Task, persistent: boolean): Promise<void> {
  const { management } = task.interfaces
  const known = await management.supportedBootDevices(task)
  const device: BootDevice = name === 'http-ipxe' && known.includes('uefi_http') ? 'uefi_http' : 'pxe'
  await management.setBootDevice(task, device, { persistent })
}

const bootPorts = ({ ports }: Task) => ports.filter(({ pxe_enabled }) => pxe_enabled)
const bootMacs = (task: Task): string[] => bootPorts(task).map(({ address }) => address.toLowerCase())

const dhcpNode = (task: Task): DhcpNode => ({
  uuid: task.node.uuid,
  macs: bootMacs(task),
  // Nobody moves this machine to another network: its own system asks here too.
  staysHere: task.node.network_interface === 'noop',
})
