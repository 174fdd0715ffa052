import { z } from 'zod'
import { Fault, isFault } from '@ferrite/shared/fault'
import type { Clock } from '../../core/clock.ts'
import type { Redfish } from './client.ts'
import { linkIn, membersOf } from './links.ts'
import { managersOf } from './managers.ts'
import type { System } from './system.ts'

const action = z.looseObject({ target: z.string() }).optional()
const virtualMedia = z.looseObject({
  MediaTypes: z.array(z.string()).nullish(),
  Image: z.string().nullish(),
  Inserted: z.boolean().nullish(),
  ConnectedVia: z.string().nullish(),
  Actions: z.looseObject({ '#VirtualMedia.InsertMedia': action, '#VirtualMedia.EjectMedia': action }).nullish(),
})

/** A virtual drive of a machine. */
export type Drive = { path: string; body: z.infer<typeof virtualMedia>; kind: 'cd' | 'removable' }

/** The virtual drives that the BMC offers, which may be listed under the system or under its manager. */
export async function drivesOf(bmc: Redfish, system: System, signal: AbortSignal): Promise<Drive[]> {
  const own = linkIn(system.resource.body, 'VirtualMedia')
  const drives = own ? await drivesIn(bmc, own, signal) : []
  if (drives.length > 0) return drives
  for (const { body } of await managersOf(bmc, system, signal)) {
    const collection = linkIn(body, 'VirtualMedia')
    const found = collection ? await drivesIn(bmc, collection, signal) : []
    if (found.length > 0) return found
  }
  return []
}

async function drivesIn(bmc: Redfish, collection: string, signal: AbortSignal): Promise<Drive[]> {
  const drives: Drive[] = []
  for (const path of await membersOf(bmc, collection, signal)) drives.push(await driveAt(bmc, path, signal))
  return drives
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
  try {
    if (target) await bmc.post(target, {}, signal)
    else await bmc.patch(await bmc.get(drive.path, signal), { Image: null, Inserted: false }, signal)
  } catch (error) {
    // Some refuse what is already so; only the drive tells.
    if (!isFault(error, 'bmc_refused') || holdsSomething(await driveAt(bmc, drive.path, signal))) throw error
  }
}

/** `ConnectedVia` is all that some show of a medium that is gone or there. */
export const holdsSomething = ({ body }: Drive): boolean =>
  body.Inserted ?? (Boolean(body.Image) && body.ConnectedVia !== 'NotConnected')

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
  if (target) await post(bmc, target, url, signal)
  // Without the action these take a change of the drive itself, and need all three.
  else await bmc.patch(await bmc.get(drive.path, signal), { Image: url, Inserted: true, WriteProtected: true }, signal)
  for (const pauseMs of [0, 250, 1_000, 2_000, 4_000, 8_000, 8_000]) {
    await clock.sleep(pauseMs, signal)
    if (holdsSomething(await driveAt(bmc, drive.path, signal))) return
  }
  throw new Fault('bmc_lied', `the BMC ${bmc.origin} took a medium for ${drive.path}, but the drive stays empty`)
}

/** What some BMCs refuse to do without, each by what they say of it. By the standard the URL alone is enough. */
const demanded: readonly { says: RegExp; adds: (url: string) => Record<string, unknown> }[] = [
  {
    says: /TransferProtocolType/,
    adds: (url) => ({ TransferProtocolType: url.startsWith('https:') ? 'HTTPS' : 'HTTP' }),
  },
  { says: /TransferMethod/, adds: () => ({ TransferMethod: 'Stream' }) },
  // For servers that ask for none: any will do.
  { says: /UserName|Password/, adds: () => ({ UserName: 'none', Password: 'none' }) },
  { says: /\bInserted\b|WriteProtected/, adds: () => ({ Inserted: true, WriteProtected: true }) },
]

/** Only the URL, as some refuse the defaults when they are spelled out; then what the BMC says it lacks. */
async function post(bmc: Redfish, target: string, url: string, signal: AbortSignal): Promise<void> {
  let body: Record<string, unknown> = { Image: url }
  let left = demanded
  for (;;) {
    try {
      await bmc.post(target, body, signal)
      return
    } catch (error) {
      if (!isFault(error, 'bmc_refused') || ![400, 422, 500].includes(Number(error.details['status']))) throw error
      const said = `${String(error.details['said'])} ${String(error.details['related'])}`
      const more = left.find(({ says }) => says.test(said))
      if (!more) throw error
      left = left.filter((one) => one !== more)
      body = { ...body, ...more.adds(url) }
    }
  }
}
