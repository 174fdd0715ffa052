import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import { withoutSkipped } from '../disk/root-device.ts'
import type { ListedDisk } from '../hardware/hardware.ts'
import { defineStep } from './step.ts'
import type { StepContext } from './step.ts'
import { zeroRange } from './zero-range.ts'
import { readPartitionTable } from '../disk/partition-table.ts'

/** Partition tables, RAID and file system marks live within these ends of disks and partitions. */
const endBytes = 4 * MiB
const partitionEndBytes = MiB

/** Makes every disk look empty: nothing can boot, mount or assemble from it. The bytes in between stay. */
export const eraseDevicesMetadata = defineStep({
  step: 'erase_devices_metadata',
  interface: 'deploy',
  priority: { clean: 99, deploy: 0 },
  abortable: true,
  args: z.looseObject({}),
  async run(_args, context) {
    const failures: Fault[] = []
    for (const disk of await erasable(context)) {
      try {
        await eraseEnds(disk, context)
      } catch (cause) {
        context.signal.throwIfAborted()
        failures.push(new Fault('erase_failed', `could not erase the metadata of ${disk.name}`, { cause }))
      }
    }
    const [first, ...others] = failures
    if (first && others.length === 0) throw first
    if (first) throw new Fault('erase_failed', `${failures.length} disks could not be erased`, { cause: first })
    return null
  },
})

/** The disks to erase: none that is skipped by the node's properties, none that refuses writes. */
export async function erasable({ hardware, node, log }: StepContext): Promise<ListedDisk[]> {
  const disks = withoutSkipped(await hardware.disks(), node)
  const readOnly = disks.filter(({ read_only }) => read_only)
  if (readOnly.length > 0) log.warn({ disks: readOnly.map(({ name }) => name) }, 'read-only disks are not erased')
  return disks.filter(({ read_only }) => !read_only)
}

async function eraseEnds({ name }: ListedDisk, { hardware, signal, log }: StepContext): Promise<void> {
  await using disk = await hardware.openDisk(name)
  const partitions = (await readPartitionTable(disk))?.partitions ?? []
  for (const { start, end } of partitions) {
    await zeroRange(disk, start, Math.min(end, start + partitionEndBytes), signal)
    await zeroRange(disk, Math.max(start, end - partitionEndBytes), end, signal)
  }
  await zeroRange(disk, 0, Math.min(endBytes, disk.sizeBytes), signal)
  await zeroRange(disk, Math.max(0, disk.sizeBytes - endBytes), disk.sizeBytes, signal)
  await disk.flush()
  await disk.rereadPartitions()
  log.info({ disk: name, partitions: partitions.length }, 'metadata erased')
}
