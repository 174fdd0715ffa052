import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { Bmcs } from '../../bmc/redfish/bmcs.ts'
import { bootOf } from '../../bmc/redfish/boot-override.ts'
import type { Boot } from '../../bmc/redfish/boot-override.ts'
import type { Redfish } from '../../bmc/redfish/client.ts'
import { linkIn } from '../../bmc/redfish/links.ts'
import { resetTypesOf, systemOf, type System } from '../../bmc/redfish/system.ts'
import { drivesOf, eject, holdsSomething, insert, type Drive } from '../../bmc/redfish/virtual-media.ts'
import type { ManagementInterface, VirtualMedium } from '../../core/interfaces.ts'
import type { Task } from '../../core/task.ts'

type Extras = Pick<
  Required<ManagementInterface>,
  | 'injectNmi'
  | 'bootState'
  | 'setBootMode'
  | 'setSecureBoot'
  | 'virtualMedia'
  | 'attachVirtualMedia'
  | 'detachVirtualMedia'
>
type Machine = { bmc: Redfish; system: System }

/** What Redfish offers beside power and boot devices. What a BMC lacks is refused as a driver's lack is. */
export const redfishExtras = (bmcs: Bmcs): Extras => ({ ...waysToBoot(bmcs), ...media(bmcs) })

async function machineOf(bmcs: Bmcs, task: Task): Promise<Machine> {
  const { bmc, info } = await bmcs.of(task.node.driver_info)
  return { bmc, system: await systemOf(bmc, info.systemId, task.signal) }
}

type Media = 'virtualMedia' | 'attachVirtualMedia' | 'detachVirtualMedia'

function waysToBoot(bmcs: Bmcs): Omit<Extras, Media> {
  return {
    async injectNmi(task) {
      const { bmc, system } = await machineOf(bmcs, task)
      const reset = system.body.Actions?.['#ComputerSystem.Reset']
      const allowed = await resetTypesOf(bmc, system, task.signal)
      if (!reset || (allowed && !allowed.includes('Nmi'))) throw lacking(task, 'inject_nmi')
      await bmc.post(reset.target, { ResetType: 'Nmi' }, task.signal)
    },
    async bootState(task) {
      const { bmc, system } = await machineOf(bmcs, task)
      const mode = system.body.Boot?.BootSourceOverrideMode
      const path = linkIn(system.resource.body, 'SecureBoot')
      const secure = path ? secureBoot.safeParse((await bmc.get(path, task.signal)).body).data : undefined
      return {
        boot_mode: mode === 'UEFI' ? 'uefi' : mode === 'Legacy' ? 'bios' : null,
        secure_boot: secure?.SecureBootEnable ?? null,
      }
    },
    async setBootMode(task, mode) {
      const { bmc, system } = await machineOf(bmcs, task)
      const place = placeWithMode(await bootOf(bmc, system, task.signal))
      if (!place) throw lacking(task, 'set_boot_mode')
      const wanted = mode === 'uefi' ? 'UEFI' : 'Legacy'
      await bmc.patch(place.resource, { Boot: { BootSourceOverrideMode: wanted } }, task.signal)
      await untilShown(task, `boot mode ${wanted}`, wanted, async () => {
        const now = await machineOf(bmcs, task)
        return placeWithMode(await bootOf(bmc, now.system, task.signal))?.mode
      })
    },
    async setSecureBoot(task, on) {
      const { bmc, system } = await machineOf(bmcs, task)
      const path = linkIn(system.resource.body, 'SecureBoot')
      if (!path) throw lacking(task, 'set_secure_boot_state')
      await bmc.patch(await bmc.get(path, task.signal), { SecureBootEnable: on }, task.signal)
      await untilShown(task, `secure boot ${on ? 'on' : 'off'}`, on, async () => {
        const { body } = await bmc.get(path, task.signal)
        return secureBoot.safeParse(body).data?.SecureBootEnable
      })
    },
  }
}

function media(bmcs: Bmcs): Pick<Extras, Media> {
  return {
    async virtualMedia(task) {
      const { bmc, system } = await machineOf(bmcs, task)
      const drives = await drivesOf(bmc, system, task.signal)
      return drives.map(({ body }) => ({
        media_types: body.MediaTypes ?? [],
        inserted: body.Inserted ?? false,
        image: body.Image || null,
      }))
    },
    async attachVirtualMedia(task, medium) {
      const { bmc, system } = await machineOf(bmcs, task)
      const drive = freeDrive(task, await drivesOf(bmc, system, task.signal), medium)
      await insert(bmc, drive, medium.image_url, task.clock, task.signal)
    },
    async detachVirtualMedia(task, devices) {
      const { bmc, system } = await machineOf(bmcs, task)
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
  const empty = fitting.find((drive) => !holdsSomething(drive))
  if (empty) return empty
  throw new Fault('conflict', `Each ${device_type} drive of node ${task.node.uuid} holds a medium; detach one first.`)
}

/** Where the boot mode is set: in the settings, if the BMC keeps it there. */
const placeWithMode = ({ places }: Boot): Boot['places'][number] | undefined =>
  places.findLast((place) => place.has('BootSourceOverrideMode'))

/** A BMC may take a moment to show what it was told; one that never does has not done it. */
async function untilShown<T>(task: Task, asked: string, wanted: T, read: () => Promise<T | null | undefined>) {
  let shown: T | null | undefined
  for (const pauseMs of [0, 250, 1_000, 2_000, 4_000]) {
    await task.clock.sleep(pauseMs, task.signal)
    shown = await read()
    if (shown === wanted) return
  }
  throw lied(task, asked, shown)
}

const lacking = (task: Task, extension: string): Fault =>
  new Fault('unsupported', `Driver ${task.node.driver} does not support ${extension} (disabled or not implemented).`)

const lied = (task: Task, asked: string, shown: unknown): Fault =>
  new Fault(
    'bmc_lied',
    `the BMC of node ${task.node.uuid} took "${asked}", but shows "${JSON.stringify(shown ?? null)}"`,
  )
