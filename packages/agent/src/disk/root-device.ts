import { z } from 'zod'
import type { SentNode } from '@ferrite/shared/contracts/agent-commands'
import { Fault } from '@ferrite/shared/fault'
import { GiB, formatBytes } from '@ferrite/shared/units'
import type { ListedDisk } from '../hardware/hardware.ts'
import { matchesHint } from './hint-operators.ts'

export type Hints = Record<string, string | number | boolean>

const hintNames = new Set([
  'size',
  'model',
  'vendor',
  'serial',
  'wwn',
  'wwn_with_extension',
  'wwn_vendor_extension',
  'name',
  'hctl',
  'by_path',
  'tran',
  'rotational',
])
const hintsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
const smallestRootBytes = 4 * GiB

/** What a node's record says of its root device: the instance's hints before the node's. Fault invalid. */
export function rootDeviceHints(node: SentNode | undefined): Hints | undefined {
  const given = [node?.instance_info?.['root_device'], node?.properties?.['root_device']].find(isGiven)
  if (given === undefined) return undefined
  const parsed = hintsSchema.safeParse(typeof given === 'string' ? parseJson(given) : given)
  if (!parsed.success) throw new Fault('invalid', 'root_device is not an object of hints, such as {"serial": "X1"}')
  const unknown = Object.keys(parsed.data).filter((name) => !hintNames.has(name))
  if (unknown.length > 0) throw new Fault('invalid', `root_device has unknown hints: ${unknown.join(', ')}`)
  return parsed.data
}

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

const matchesAll = (disk: ListedDisk, hints: Hints): boolean =>
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

const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && Object.keys(value).length > 0

const bySizeThenName = (a: ListedDisk, b: ListedDisk): number =>
  a.size - b.size || (a.name < b.name ? -1 : Number(a.name > b.name))

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault('invalid', 'root_device is not JSON', { cause })
  }
}
