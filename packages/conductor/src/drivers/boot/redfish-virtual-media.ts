import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { redfishFields, redfishInfo } from '../../bmc/redfish/driver-info.ts'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import type { Redfish } from '../../bmc/redfish/client.ts'
import { systemOf } from '../../bmc/redfish/system.ts'
import { drivesOf, eject, insert } from '../../bmc/redfish/virtual-media.ts'
import type { Drive } from '../../bmc/redfish/virtual-media.ts'
import type { BootMedia } from '../../boot-media.ts'
import type { BootInterface, DriverInfoFields, RamdiskParams } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'
import { writeIso } from '../../iso/write.ts'
import { parseKernelArgs, renderKernelArgs } from '../../netboot/kernel-args.ts'
import type { KernelArgs } from '../../netboot/kernel-args.ts'
import { checkVirtualMedia } from './check-virtual-media.ts'
import { nodeIsoSource, writeNodeIso } from './node-iso.ts'
import type { NodeIsoParts } from './node-iso.ts'

const fields = {
  ...redfishFields,
  deploy_iso: {
    schema: z.url({ protocol: /^https?$/ }),
    description:
      'URL (http or https) of the bootable ISO image of the deploy ramdisk; without it one is made of kernel and ramdisk.',
  },
  deploy_kernel: { schema: z.string(), description: 'URL (http, https, file) of the kernel of the deploy ramdisk.' },
  deploy_ramdisk: { schema: z.string(), description: 'URL (http, https, file) of the deploy ramdisk.' },
  kernel_append_params: { schema: z.string(), description: 'Kernel parameters for the ramdisk, beside our own.' },
  force_persistent_boot_device: {
    schema: z.enum(['Default', 'Always', 'Never']),
    description: 'Never: the boot device is set for one boot only, also for the deployed system.',
  },
} as const satisfies DriverInfoFields

/** The label by which agents know the medium with their parameters. */
const parametersLabel = 'ir-vfd-dev'

type Parts = { bmcs: Bmcs; media: BootMedia; own: NodeIsoParts }

/**
 * Boots the ramdisk from virtual media: its ISO as a CD, its parameters and token as a second, small medium; or both on
 * an ISO of the node's own.
 */
export function redfishVirtualMedia({ bmcs, media, own }: Parts): BootInterface {
  const cleanUpRamdisk = async (task: Task) => {
    const names = task.node.internal.boot_media ?? []
    await forgetMedia(task, media)
    const { bmc, drives } = await machineDrives(bmcs, task)
    for (const drive of drives.filter(({ body }) => isOurs(task, names, body.Image))) {
      await task.effect('eject boot media', (signal) => eject(bmc, drive, signal))
    }
  }
  return {
    name: 'redfish-virtual-media',
    driverInfo: fields,
    carriesToken: true,
    async validate({ node }) {
      redfishInfo(node.driver_info)
      if (deployIso(node.driver_info) === undefined) declared(() => nodeIsoSource(node, own))
      ownParams(node)
    },
    async prepareRamdisk(task, params, mode) {
      const { bmc, drives } = await machineDrives(bmcs, task)
      const { cd, second } = drivesFor(task, drives, () => nodeIsoSource(task.node, own, mode))
      const iso = deployIso(task.node.driver_info)
      const parameters = parametersFor(task, params)
      const isGiven = iso !== undefined && second !== undefined
      const name = await writeMedium(task, media, (as) =>
        isGiven
          ? media.write(as, smallMedium(parameters))
          : writeNodeIso(task, { parts: own, media, name: as, parameters, label: parametersLabel, mode }),
      )
      await task.effect('insert boot media', async (signal) => {
        await insert(bmc, cd, isGiven ? iso : media.urlOf(name), task.clock, signal)
        if (isGiven) await insert(bmc, second, media.urlOf(name), task.clock, signal)
      })
      await task.interfaces.management.setBootDevice(task, 'cdrom', { persistent: false })
    },
    cleanUpRamdisk,
    async prepareInstance(task) {
      await cleanUpRamdisk(task)
      const persistent = task.node.driver_info['force_persistent_boot_device'] !== 'Never'
      await task.interfaces.management.setBootDevice(task, 'disk', { persistent })
    },
    cleanUpInstance: cleanUpRamdisk,
    check: (task) =>
      checkVirtualMedia(task, {
        media,
        own,
        iso: deployIso(task.node.driver_info),
        drives: async () =>
          drivesFor(task, (await machineDrives(bmcs, task)).drives, () => nodeIsoSource(task.node, own)),
      }),
  }
}

async function machineDrives(bmcs: Bmcs, task: Task): Promise<{ bmc: Redfish; drives: Drive[] }> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  const system = await systemOf(bmc, info.systemId, task.signal)
  return { bmc, drives: await drivesOf(bmc, system, task.signal) }
}

type Drives = { cd: Drive; second: Drive | undefined }

/** `ownIso` throws where no ISO of the node's own can be made; with one, a CD drive is enough. */
function drivesFor(task: Task, drives: Drive[], ownIso: () => unknown): Drives {
  const cd = drives.find((drive) => drive.kind === 'cd')
  if (!cd)
    throw new Fault('bmc_refused', `the BMC of node ${task.node.uuid} has no virtual CD drive to boot the ramdisk from`)
  const second = drives.find((drive) => drive.kind === 'removable')
  if (second) return { cd, second }
  try {
    ownIso()
  } catch (cause) {
    throw new Fault(
      'bmc_refused',
      `the BMC of node ${task.node.uuid} has a virtual CD drive only; the ramdisk’s parameters need a second one, a USB stick or floppy, or an ISO image that we make`,
      { cause },
    )
  }
  return { cd, second }
}

function deployIso(driverInfo: Readonly<Record<string, unknown>>): string | undefined {
  const given = driverInfo['deploy_iso']
  if (given === undefined || given === null) return undefined
  const parsed = fields.deploy_iso.schema.safeParse(given)
  if (!parsed.success) throw new Fault('invalid', 'driver_info/deploy_iso must be an http or https URL')
  return parsed.data
}

function declared(find: () => unknown): void {
  try {
    find()
  } catch (cause) {
    throw new Fault('missing_parameter', 'driver_info lacks deploy_iso, and no ISO image can be made', { cause })
  }
}

function ownParams(node: Task['node']): KernelArgs {
  const given = node.instance_info['kernel_append_params'] ?? node.driver_info['kernel_append_params'] ?? ''
  if (typeof given !== 'string') throw new Fault('invalid', 'kernel_append_params must be text')
  return parseKernelArgs(given.replaceAll('%default%', ''))
}

function parametersFor(task: Task, params: RamdiskParams): string {
  const port = task.ports.find(({ pxe_enabled }) => pxe_enabled) ?? task.ports[0]
  const args: KernelArgs = [
    ...ownParams(task.node),
    ...Object.entries(params),
    ['boot_method', 'vmedia'],
    ...(port ? [['BOOTIF', `01-${port.address.replaceAll(':', '-')}`] as const] : []),
  ]
  return `${renderKernelArgs(args, '\n')}\n`
}

/** A whole floppy (1.44 MB), as which a BMC may show it: one that is shorter than its drive cannot be read to its end. */
function smallMedium(parameters: string): Uint8Array {
  const medium = new Uint8Array(2880 * 512)
  medium.set(writeIso({ volumeId: parametersLabel, files: { 'parameters.txt': Buffer.from(parameters) } }))
  return medium
}

/** Has a medium written; those of earlier boots are deleted. The name is recorded first. */
async function writeMedium(task: Task, media: BootMedia, write: (name: string) => Promise<void>): Promise<string> {
  const name = media.newName()
  const earlier = task.node.internal.boot_media ?? []
  await task.save({ internal: { ...task.node.internal, boot_media: [...earlier, name] } })
  await write(name)
  await media.delete(earlier)
  await task.save({ internal: { ...task.node.internal, boot_media: [name] } })
  return name
}

async function forgetMedia(task: Task, media: BootMedia): Promise<void> {
  const names = task.node.internal.boot_media ?? []
  if (names.length === 0) return
  await media.delete(names)
  await task.save({ internal: { ...task.node.internal, boot_media: [] } })
}

/** Other media that somebody inserted are none of our business. BMCs show the URL, or only its last part. */
function isOurs(task: Task, names: readonly string[], image: string | null | undefined): boolean {
  if (!image) return true

  const iso = task.node.driver_info['deploy_iso']
  return names.some((name) => name === last(image)) || (typeof iso === 'string' && last(iso) === last(image))
}

const last = (text: string): string | undefined => text.split('/').at(-1)
