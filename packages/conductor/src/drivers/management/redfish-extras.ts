import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import type { Redfish } from '../../bmc/redfish/client.ts'
import { linkIn } from '../../bmc/redfish/links.ts'
import { systemOf, type System } from '../../bmc/redfish/system.ts'
import { drivesOf, eject, insert, type Drive } from '../../bmc/redfish/virtual-media.ts'
import type { ManagementInterface, VirtualMedium } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'

type Extras = Pick<
  Required<ManagementInterface>,
  'injectNmi' | 'setBootMode' | 'setSecureBoot' | 'virtualMedia' | 'attachVirtualMedia' | 'detachVirtualMedia'
>
type Machine = { bmc: Redfish; system: System }

/** What Redfish offers beside power and boot devices. What a BMC lacks is refused as a driver's lack is. */
export function redfishExtras(bmcs: Bmcs): Extras {
  const machineOf = async (task: Task): Promise<Machine> => {
    const { bmc, info } = await bmcs.of(task.node.driver_info)
    return { bmc, system: await systemOf(bmc, info.systemId, task.signal) }
  }
  return {
    async injectNmi(task) {
      const { bmc, system } = await machineOf(task)
      const reset = system.body.Actions?.['#ComputerSystem.Reset']
      const allowed = reset?.['ResetType@Redfish.AllowableValues']
      if (!reset || (allowed && !allowed.includes('Nmi'))) throw lacking(task, 'inject_nmi')
      await bmc.post(reset.target, { ResetType: 'Nmi' }, task.signal)
    },
    async setBootMode(task, mode) {
      const { bmc, system } = await machineOf(task)
      if (!system.body.Boot?.BootSourceOverrideMode) throw lacking(task, 'set_boot_mode')
      const wanted = mode === 'uefi' ? 'UEFI' : 'Legacy'
      await bmc.patch(system.resource, { Boot: { BootSourceOverrideMode: wanted } }, task.signal)
      const now = (await machineOf(task)).system.body.Boot?.BootSourceOverrideMode
      if (now !== wanted) throw lied(task, `boot mode ${wanted}`, now)
    },
    async setSecureBoot(task, on) {
      const { bmc, system } = await machineOf(task)
      const path = linkIn(system.resource.body, 'SecureBoot')
      if (!path) throw lacking(task, 'set_secure_boot_state')
      await bmc.patch(await bmc.get(path, task.signal), { SecureBootEnable: on }, task.signal)
      const seen = secureBoot.safeParse((await bmc.get(path, task.signal)).body)
      if (seen.data?.SecureBootEnable !== on)
        throw lied(task, `secure boot ${on ? 'on' : 'off'}`, seen.data?.SecureBootEnable)
    },
    async virtualMedia(task) {
      const { bmc, system } = await machineOf(task)
      const drives = await drivesOf(bmc, system, task.signal)
      return drives.map(({ body }) => ({
        media_types: body.MediaTypes ?? [],
        inserted: body.Inserted ?? false,
        image: body.Image || null,
      }))
    },
    async attachVirtualMedia(task, medium) {
      const { bmc, system } = await machineOf(task)
      const drive = freeDrive(task, await drivesOf(bmc, system, task.signal), medium)
      await insert(bmc, drive, medium.image_url, task.clock, task.signal)
    },
    async detachVirtualMedia(task, devices) {
      const { bmc, system } = await machineOf(task)
      for (const drive of await drivesOf(bmc, system, task.signal)) {
        if (!devices || devices.some((device) => kindOf(device) === drive.kind)) await eject(bmc, drive, task.signal)
      }
    },
  }
}

const secureBoot = z.looseObject({ SecureBootEnable: z.boolean().nullish() })
const kindOf = (device: string): Drive['kind'] => (device === 'cdrom' ? 'cd' : 'removable')

/** An empty drive of the kind that is asked for. Fault conflict when each holds something. */
function freeDrive(task: Task, drives: Drive[], { device_type, image_download_source }: VirtualMedium): Drive {
  if (image_download_source === 'swift') throw lacking(task, 'attach_virtual_media from swift')
  const fitting = drives.filter(({ kind }) => kind === kindOf(device_type))
  if (fitting.length === 0) throw lacking(task, `virtual media of type ${device_type}`)
  const empty = fitting.find(({ body }) => !body.Inserted && !body.Image)
  if (empty) return empty
  throw new Fault('conflict', `Each ${device_type} drive of node ${task.node.uuid} holds a medium; detach one first.`)
}

const lacking = (task: Task, extension: string): Fault =>
  new Fault('unsupported', `Driver ${task.node.driver} does not support ${extension} (disabled or not implemented).`)

const lied = (task: Task, asked: string, shown: unknown): Fault =>
  new Fault(
    'bmc_lied',
    `the BMC of node ${task.node.uuid} took "${asked}", but shows "${JSON.stringify(shown ?? null)}"`,
  )
