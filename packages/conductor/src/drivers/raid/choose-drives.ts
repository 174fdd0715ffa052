import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import type { Drive, Storage } from '../../bmc/redfish/volumes.ts'

const logicalDisk = z.looseObject({
  raid_level: z.string(),
  size_gb: z.union([z.number().positive(), z.literal('MAX')]),
  is_root_volume: z.boolean().optional(),
  volume_name: z.string().optional(),
  controller: z.string().optional(),
  disk_type: z.string().optional(),
  interface_type: z.string().optional(),
  number_of_physical_disks: z.int().positive().optional(),
  physical_disks: z.array(z.unknown()).optional(),
})
export const target = z.looseObject({ logical_disks: z.array(logicalDisk).min(1) })
export type Target = z.infer<typeof logicalDisk>

/** Fewest drives that a level is built of. */
const fewest: Readonly<Record<string, number>> = { '0': 1, '1': 2, '5': 3, '6': 4, '1+0': 4, '5+0': 6, '6+0': 8 }

/** Free drives of one controller that fit, as many as the level needs or as are asked for. */
export function chooseDrives(storages: readonly Storage[], wanted: Target): { storage: Storage; drives: Drive[] } {
  const { controller, physical_disks } = wanted
  const count = physical_disks?.length ?? wanted.number_of_physical_disks ?? fewest[wanted.raid_level] ?? 1
  const allowed = storages.filter(({ names }) => controller === undefined || names.includes(controller))
  if (allowed.length === 0) throw new Fault('wrong_arguments', `no RAID controller is called ${controller}`)
  for (const storage of allowed) {
    const drives = storage.drives.filter((drive) => !drive.inUse && fits(drive, wanted)).slice(0, count)
    if (drives.length === count) return { storage, drives }
  }
  throw new Fault('wrong_arguments', `no controller has ${count} free drives that fit RAID level ${wanted.raid_level}`)
}

function fits({ body }: Drive, { disk_type, interface_type, physical_disks }: Target): boolean {
  if (physical_disks && !physical_disks.some((name) => name === body.Id || name === body.Name)) return false
  if (disk_type && body.MediaType?.toLowerCase() !== disk_type.toLowerCase()) return false
  return !interface_type || body.Protocol?.toLowerCase() === interface_type.toLowerCase()
}
