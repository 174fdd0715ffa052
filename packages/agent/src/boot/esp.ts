import { Fault } from '@ferrite/shared/fault'
import { espType } from '../disk/image-table.ts'
import type { TablePartition } from '../disk/partition-table.ts'

const espMbrType = '0xef'

/** The EFI system partition: the one asked for, else by type, else by name. Fault disk_not_found. */
export function findEsp(partitions: readonly TablePartition[], wantedUuid?: string | null): TablePartition {
  const found =
    (wantedUuid ? partitions.find(({ uuid }) => uuid === wantedUuid.toLowerCase()) : undefined) ??
    partitions.find(({ type }) => type === espType || type === espMbrType) ??
    partitions.find(({ name }) => /^(efi|esp|efi-part|efi system partition)$/i.test(name))
  if (found) return found
  throw new Fault('disk_not_found', 'No EFI partition could be detected on the root device')
}
