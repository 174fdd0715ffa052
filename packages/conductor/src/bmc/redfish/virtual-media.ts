import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { Clock } from '../../core/clock.ts'
import type { Redfish } from './client.ts'
import { linkIn, linksIn, membersOf } from './links.ts'
import type { System } from './system.ts'

const action = z.looseObject({ target: z.string() }).optional()
const virtualMedia = z.looseObject({
  MediaTypes: z.array(z.string()).nullish(),
  Image: z.string().nullish(),
  Inserted: z.boolean().nullish(),
  Actions: z.looseObject({ '#VirtualMedia.InsertMedia': action, '#VirtualMedia.EjectMedia': action }).nullish(),
})

/** A virtual drive of a machine. */
export type Drive = { path: string; body: z.infer<typeof virtualMedia>; kind: 'cd' | 'removable' }

/** The virtual drives that the BMC offers, which may be listed under the system or under its manager. */
export async function drivesOf(bmc: Redfish, system: System, signal: AbortSignal): Promise<Drive[]> {
  const drives: Drive[] = []
  for (const collection of await collectionsOf(bmc, system, signal)) {
    for (const path of await membersOf(bmc, collection, signal)) drives.push(await driveAt(bmc, path, signal))
    if (drives.length > 0) return drives
  }
  return drives
}

async function collectionsOf(bmc: Redfish, system: System, signal: AbortSignal): Promise<string[]> {
  const own = linkIn(system.resource.body, 'VirtualMedia')
  if (own) return [own]
  const links = system.resource.body['Links'] as { ManagedBy?: unknown } | undefined
  let managers = linksIn(links?.ManagedBy)
  if (managers.length === 0) {
    const all = linkIn((await bmc.get('/redfish/v1/', signal)).body, 'Managers')
    managers = all ? await membersOf(bmc, all, signal) : []
  }
  const found: string[] = []
  for (const path of managers.slice(0, 8)) {
    const media = linkIn((await bmc.get(path, signal)).body, 'VirtualMedia')
    if (media) found.push(media)
  }
  return found
}

async function driveAt(bmc: Redfish, path: string, signal: AbortSignal): Promise<Drive> {
  const parsed = virtualMedia.safeParse((await bmc.get(path, signal)).body)
  if (!parsed.success)
    throw new Fault('bmc_lied', `the BMC ${bmc.origin} describes ${path} in a way that is not Redfish`)
  const types = parsed.data.MediaTypes ?? []
  const isCd = types.includes('CD') || types.includes('DVD')
  return { path, body: parsed.data, kind: isCd ? 'cd' : 'removable' }
}

/** Empties a drive. Nothing to do when it is empty already. */
export async function eject(bmc: Redfish, drive: Drive, signal: AbortSignal): Promise<void> {
  const now = await driveAt(bmc, drive.path, signal)
  if (!now.body.Inserted && !now.body.Image) return
  const target = now.body.Actions?.['#VirtualMedia.EjectMedia']?.target
  if (target) await bmc.post(target, {}, signal)
  else await bmc.patch(await bmc.get(drive.path, signal), { Image: null, Inserted: false }, signal)
}

/** Puts what lies at `url` into a drive, whatever was in it, and sees that it is there. Fault bmc_lied if it is not. */
export async function insert(
  bmc: Redfish,
  drive: Drive,
  url: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  await eject(bmc, drive, signal)
  const target = drive.body.Actions?.['#VirtualMedia.InsertMedia']?.target
  if (target) await bmc.post(target, { Image: url, Inserted: true, WriteProtected: true }, signal)
  else await bmc.patch(await bmc.get(drive.path, signal), { Image: url, Inserted: true }, signal)
  for (const pauseMs of [0, 250, 1_000, 2_000, 4_000]) {
    await clock.sleep(pauseMs, signal)
    const { body } = await driveAt(bmc, drive.path, signal)
    if (body.Inserted) return
  }
  throw new Fault('bmc_lied', `the BMC ${bmc.origin} took a medium for ${drive.path}, but the drive stays empty`)
}
