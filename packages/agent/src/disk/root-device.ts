import { z } from 'zod'
import type { SentNode } from '@ferrite/shared/contracts/agent-commands'
import { hintsSchema, rootDeviceHints, type RootDeviceHints } from '@ferrite/shared/contracts/root-device'
import { Fault } from '@ferrite/shared/fault'
import { GiB, formatBytes } from '@ferrite/shared/units'
import type { ListedDisk } from '../hardware/hardware.ts'
import { matchesHint } from './hint-operators.ts'

const smallestRootBytes = 4 * GiB

/**
 * All disks that could be the root device, the chosen one first. Without hints: those of 4 GiB and more, smallest first.
 * Fault disk_not_found names the hints and the disks that were seen.
 */
export function rootDeviceCandidates(disks: readonly ListedDisk[], node: SentNode | undefined): ListedDisk[] {
  const hints = rootDeviceHints(node)
  const usable = withoutSkipped(disks, node).filter(({ read_only }) => !read_only)
  const matching = hints
    ? usable.filter((disk) => matchesAll(disk, hints))
    : usable.filter(({ size }) => size >= smallestRootBytes).sort(bySizeThenName)
  if (matching.length > 0) return matching
  const seen = usable.map(({ name, size, serial }) => `${name} (${formatBytes(size)}, serial ${serial ?? 'unknown'})`)
  const wanted = hints ? `matches the root device hints ${JSON.stringify(hints)}` : 'has 4 GiB or more'
  throw new Fault('disk_not_found', `no disk ${wanted}; seen: ${seen.join(', ') || 'none'}`)
}

/** The disks without those that `properties.skip_block_devices` describes. */
export function withoutSkipped<T extends ListedDisk>(disks: readonly T[], node: SentNode | undefined): T[] {
  const parsed = z.array(hintsSchema).safeParse(node?.properties?.['skip_block_devices'] ?? [])
  if (!parsed.success) throw new Fault('invalid', 'skip_block_devices is not a list of hint objects')
  const skipped = parsed.data.filter((hints) => !('volume_name' in hints) && Object.keys(hints).length > 0)
  return disks.filter((disk) => !skipped.some((hints) => matchesAll(disk, hints)))
}

const matchesAll = (disk: ListedDisk, hints: RootDeviceHints): boolean =>
  Object.entries(hints).every(([name, hint]) => matchesOne(disk, name, hint))

function matchesOne(disk: ListedDisk, name: string, hint: string | number | boolean): boolean {
  if (name === 'rotational') return disk.rotational === isTrue(hint)
  if (name === 'size') return matchesHint(String(hint), Math.floor(disk.size / GiB))
  return valuesOf(disk, name).some((value) => matchesHint(String(hint), value))
}

/** Everything a disk is known by under this name: a serial or WWN may differ between the kernel and udev. */
function valuesOf(disk: ListedDisk, name: string): string[] {
  const also = disk.also?.[name as 'serial' | 'wwn'] ?? []
  const own = disk[name]
  return typeof own === 'string' ? [own, ...also] : [...also]
}

const isTrue = (hint: string | number | boolean): boolean =>
  ['1', 't', 'true', 'on', 'y', 'yes'].includes(String(hint).trim().toLowerCase())

const bySizeThenName = (a: ListedDisk, b: ListedDisk): number =>
  a.size - b.size || (a.name < b.name ? -1 : Number(a.name > b.name))
