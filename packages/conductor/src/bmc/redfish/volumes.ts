import { z } from 'zod'
import { GiB } from '@ferrite/shared/units'
import type { Redfish } from './client.ts'
import { linkIn, linksIn, membersOf } from './links.ts'

const text = z.string().nullish()
const driveShape = z.looseObject({
  Id: text,
  Name: text,
  MediaType: text,
  Protocol: text,
  CapacityBytes: z.number().nullish(),
})
const volumeShape = z.looseObject({
  Id: text,
  Name: text,
  RAIDType: text,
  VolumeType: text,
  CapacityBytes: z.number().nullish(),
  Identifiers: z.array(z.looseObject({ DurableName: text, DurableNameFormat: text })).nullish(),
})

export type Drive = { path: string; body: z.infer<typeof driveShape>; inUse: boolean }
export type Volume = { path: string; body: z.infer<typeof volumeShape>; drives: string[] }
/** One storage controller with what hangs on it. */
export type Storage = { id: string; names: string[]; volumesAt: string; drives: Drive[]; volumes: Volume[] }

/** Controllers of a system that build volumes, their drives and what is built of them. */
export async function storagesOf(bmc: Redfish, system: unknown, signal: AbortSignal): Promise<Storage[]> {
  const at = linkIn(system, 'Storage')
  const found: Storage[] = []
  for (const path of at === undefined ? [] : await membersOf(bmc, at, signal)) {
    const { body } = await bmc.get(path, signal)
    const volumesAt = linkIn(body, 'Volumes')
    if (volumesAt !== undefined) found.push(await readStorage(bmc, body, volumesAt, signal))
  }
  return found
}

async function readStorage(
  bmc: Redfish,
  body: Record<string, unknown>,
  volumesAt: string,
  signal: AbortSignal,
): Promise<Storage> {
  const volumes: Volume[] = []
  for (const path of await membersOf(bmc, volumesAt, signal)) {
    const one = (await bmc.get(path, signal)).body
    const parsed = volumeShape.safeParse(one)
    // Drives that belong to no RAID show as volumes of their own on some controllers.
    if (parsed.success && parsed.data.VolumeType !== 'RawDevice') {
      const drives = linksIn((one['Links'] as Record<string, unknown> | undefined)?.['Drives'])
      volumes.push({ path, body: parsed.data, drives })
    }
  }
  const used = new Set(volumes.flatMap((volume) => volume.drives))
  const drives: Drive[] = []
  for (const path of linksIn(body['Drives'])) {
    const parsed = driveShape.safeParse((await bmc.get(path, signal)).body)
    if (parsed.success) drives.push({ path, body: parsed.data, inUse: used.has(path) })
  }
  const controllers = Array.isArray(body['StorageControllers']) ? (body['StorageControllers'] as unknown[]) : []
  const names = [body, ...controllers].flatMap((one) => {
    const { Id, MemberId, Name } = (one ?? {}) as Record<string, unknown>
    return [Id, MemberId, Name].filter((name) => typeof name === 'string')
  })
  return { id: names[0] ?? volumesAt, names, volumesAt, drives, volumes }
}

const levels: Readonly<Record<string, string>> = {
  '0': 'RAID0',
  '1': 'RAID1',
  '5': 'RAID5',
  '6': 'RAID6',
  '1+0': 'RAID10',
  '5+0': 'RAID50',
  '6+0': 'RAID60',
}
/** Redfish's word for a level of Ironic's; undefined for JBOD, which is no volume. */
export const raidTypeOf = (level: string): string | undefined => levels[level]

/** A volume as Ironic's raid_config shows it. */
export function logicalDisk({ body, drives }: Volume, storage: Storage) {
  const level = Object.entries(levels).find(([, type]) => type === body.RAIDType)?.[0]
  const wwn = body.Identifiers?.find(({ DurableNameFormat }) => DurableNameFormat === 'NAA')?.DurableName
  return {
    controller: storage.id,
    id: body.Id ?? null,
    volume_name: body.Name ?? null,
    raid_level: level ?? null,
    size_gb: Math.floor((body.CapacityBytes ?? 0) / GiB),
    physical_disks: storage.drives.filter(({ path }) => drives.includes(path)).map(({ body: drive }) => drive.Id ?? ''),
    ...(wwn ? { root_device_hint: { wwn: `0x${wwn.toLowerCase().replace(/^0x/, '')}` } } : {}),
  }
}
