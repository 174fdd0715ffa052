import { getDiskInfo } from 'node-disk-info'
import { Fault } from '@ferrite/shared/fault'
import { parseLsblk, rootCandidates, usesOf } from './lsblk.ts'
import type { BlockDevice } from './lsblk.ts'
import type { ListedDisk } from './hardware.ts'
import { runOk } from './run.ts'
import { udevProperties } from './udev.ts'

const maxOutputBytes = 16 * 1024 * 1024

async function blockDevices(): Promise<BlockDevice[]> {
  const { stdout } = await runOk('lsblk', ['-J', '-b', '-O'], { maxOutputBytes })
  return parseLsblk(stdout)
}

/** The machine's disks in the kernel's order. */
export async function linuxDisks(): Promise<ListedDisk[]> {
  const devices = rootCandidates(await blockDevices())
  return Promise.all(devices.map(async (device) => listed(device, await udevProperties(pathOf(device)))))
}

/** Fault disk_in_use with what would be hurt: mounts as the kernel and as df list them, swap, RAID, LVM, device mapper. */
export async function assertUnused(path: string): Promise<void> {
  const device = find(await blockDevices(), path)
  if (!device) throw new Fault('disk_not_found', `${path} is not a disk of this machine`)
  const names = new Set(namesBelow(device))
  const mounts = await getDiskInfo()
  const hurt = mounts.filter(({ filesystem }) => names.has(filesystem)).map(({ mounted }) => `mounted at ${mounted}`)
  const uses = [...new Set([...usesOf(device), ...hurt])]
  if (uses.length > 0) throw new Fault('disk_in_use', `${path} is in use: ${uses.join(', ')}`)
}

const find = (tree: readonly BlockDevice[], path: string): BlockDevice | undefined =>
  tree
    .flatMap(function all(device): BlockDevice[] {
      return [device, ...device.children.flatMap(all)]
    })
    .find((device) => pathOf(device) === path)

const namesBelow = (device: BlockDevice): string[] => [pathOf(device), ...device.children.flatMap(namesBelow)]
const pathOf = ({ path, kname }: BlockDevice): string => path ?? `/dev/${kname}`

/** One disk as IPA lists it; where the kernel and udev disagree on serial or WWN, the others are kept beside. */
export function listed(device: BlockDevice, udev: ReadonlyMap<string, string>): ListedDisk {
  const serials = distinct([udev.get('ID_SERIAL_SHORT'), device.serial, udev.get('ID_SERIAL')])
  const wwns = distinct([udev.get('ID_WWN'), device.wwn])
  const links = (udev.get('DEVLINKS') ?? '').split(' ').sort()
  return {
    name: pathOf(device),
    model: device.model?.trim() || null,
    size: device.size ?? 0,
    rotational: device.rota ?? null,
    wwn: wwns[0] ?? null,
    serial: serials[0] ?? null,
    vendor: device.vendor?.trim() || udev.get('ID_VENDOR') || null,
    wwn_with_extension: udev.get('ID_WWN_WITH_EXTENSION') ?? wwns[0] ?? null,
    wwn_vendor_extension: udev.get('ID_WWN_VENDOR_EXTENSION') ?? null,
    hctl: device.hctl ?? null,
    by_path: links.find((link) => link.startsWith('/dev/disk/by-path/')) ?? null,
    logical_sectors: device['log-sec'] ?? null,
    physical_sectors: device['phy-sec'] ?? null,
    tran: device.tran ?? null,
    also: { serial: serials.slice(1), wwn: wwns.slice(1) },
    read_only: device.ro === true,
  }
}

const distinct = (values: (string | null | undefined)[]): string[] => [
  ...new Set(values.map((value) => value?.trim()).filter((value): value is string => !!value)),
]
