import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'

const text = z.string().nullish()
const size = z.union([z.number(), z.string()]).transform(Number).nullish()
const flag = z
  .union([z.boolean(), z.string()])
  .transform((value) => value === true || value === '1')
  .nullish()

const device = z.looseObject({
  name: z.string(),
  kname: z.string(),
  path: z.string().nullish(),
  type: z.string(),
  size,
  model: text,
  vendor: text,
  serial: text,
  wwn: text,
  hctl: text,
  tran: text,
  label: text,
  rota: flag,
  ro: flag,
  rm: flag,
  'log-sec': size,
  'phy-sec': size,
  fstype: text,
  mountpoints: z.array(z.string().nullable()).nullish(),
  mountpoint: text,
})
type Fields = z.infer<typeof device>
export type BlockDevice = Fields & { children: BlockDevice[] }

/** The tree that `lsblk -J -b -O` prints. */
export function parseLsblk(output: string): BlockDevice[] {
  try {
    const { blockdevices } = z.looseObject({ blockdevices: z.array(z.unknown()) }).parse(JSON.parse(output))
    return blockdevices.map(parseDevice)
  } catch (cause) {
    throw new Fault('disk_not_found', 'cannot read what lsblk says', { cause })
  }
}

function parseDevice(raw: unknown): BlockDevice {
  const { children } = z.looseObject({ children: z.array(z.unknown()).default([]) }).parse(raw)
  return { ...device.parse(raw), children: children.map(parseDevice) }
}

/**
 * The devices that are disks to us: whole disks, md arrays and multipath devices; of a multipath device not its paths. Loop,
 * RAM and floppy devices, boot areas of eMMC, empty drives and the medium we booted from are none.
 */
export function rootCandidates(tree: readonly BlockDevice[]): BlockDevice[] {
  const found = new Map<string, BlockDevice>()
  const visit = (device: BlockDevice) => {
    if (isDiskType(device.type) && !isPath(device) && !isExcluded(device)) found.set(device.kname, device)
    device.children.forEach(visit)
  }
  tree.forEach(visit)
  return [...found.values()]
}

const isDiskType = (type: string): boolean => type === 'disk' || type === 'mpath' || /^(md|raid|linear)/.test(type)
const isPath = ({ type, children }: BlockDevice): boolean =>
  type !== 'mpath' && children.some((child) => child.type === 'mpath')

const excludedNames = /^(loop|zram|ram|fd|sr|nbd|mtdblock)\d|^mmcblk\d+(boot|rpmb)/
const bootMediaLabels = new Set(['config-2', 'ir-vfd-dev', 'ir-deploy', 'vmedia_boot_iso'])

function isExcluded(device: BlockDevice): boolean {
  if (excludedNames.test(device.kname) || !device.size) return true
  const labels = [device, ...device.children].map(({ label }) => label?.toLowerCase() ?? '')
  return device.ro === true && labels.some((label) => bootMediaLabels.has(label))
}

/** Every mount point and other use (RAID, LVM, swap) below a device. */
export function usesOf(device: BlockDevice): string[] {
  const mounts = (device.mountpoints ?? [device.mountpoint ?? null]).filter((point) => point !== null)
  const own = mounts.map((point) => (point === '[SWAP]' ? `${device.kname} is swap` : `mounted at ${point}`))
  const held = device.children.flatMap((child) => [
    ...(child.type === 'part' || child.type === 'mpath' ? [] : [`${child.kname} (${child.type}) uses it`]),
    ...usesOf(child),
  ])
  return [...own, ...held]
}
