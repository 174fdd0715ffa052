import { Fault } from '@ferrite/shared/fault'
import { z } from 'zod'

const positive = z.int().positive()
const logicalDisk = z
  .strictObject({
    raid_level: z.enum(['JBOD', '0', '1', '2', '5', '6', '1+0', '5+0', '6+0']),
    size_gb: z.union([positive, z.literal('MAX')]),
    is_root_volume: z.boolean().optional(),
    volume_name: z.string().max(255).optional(),
    share_physical_disks: z.boolean().optional(),
    disk_type: z.enum(['hdd', 'ssd']).optional(),
    interface_type: z.enum(['sata', 'scsi', 'sas']).optional(),
    number_of_physical_disks: positive.optional(),
    controller: z.string().max(255).optional(),
    physical_disks: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])).optional(),
  })
  .refine(({ physical_disks, controller }) => physical_disks === undefined || controller !== undefined, {
    error: "'controller' is a dependency of 'physical_disks'",
  })
const raidConfig = z.strictObject({ logical_disks: z.array(logicalDisk).min(1) })

/** Fault invalid unless `config` is a target RAID configuration with at most one root volume. */
export function checkRaidConfig(config: unknown): void {
  const result = raidConfig.safeParse(config)
  if (!result.success) {
    const [issue] = result.error.issues
    throw new Fault('invalid', `RAID config validation error: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const roots = result.data.logical_disks.filter((disk) => disk.is_root_volume)
  if (roots.length > 1) throw new Fault('invalid', 'Only one logical disk can be the root volume')
}
