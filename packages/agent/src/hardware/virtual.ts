import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import type { InventoryInterface } from '@ferrite/shared/contracts/inventory'
import { Fault } from '@ferrite/shared/fault'
import type { EraseOptions, Hardware, ListedDisk } from './hardware.ts'
import { openAnyDisk } from './open-any-disk.ts'
import { collectLogs } from './logs.ts'
import { run } from './run.ts'
import { cpuFacts, memoryFacts } from './system.ts'
import { deviceSizeBytes } from './sysfs.ts'

export type VirtualOptions = {
  /** Files or block devices that are the machine's disks; nothing else of this computer is touched. */
  disks: readonly string[]
  macs: readonly string[]
  bootMode: 'bios' | 'uefi'
  onPowerOff: () => Promise<void>
  onReboot: () => Promise<void>
}

/** A machine made of given disks and addresses, for running the agent outside of a ramdisk. */
export function virtualHardware({ disks, macs, bootMode, onPowerOff, onReboot }: VirtualOptions): Hardware {
  const paths = disks.map((disk) => path.resolve(disk))
  const list = () => Promise.all(paths.map(diskFacts))
  return {
    disks: list,
    macAddresses: async () => [...macs],
    // Its network is this computer's.
    addresses: async () => macs.map((mac) => ({ mac, address: '127.0.0.1', up: true })),
    bootMode: async () => bootMode,
    async inventory() {
      return {
        interfaces: macs.map(interfaceFacts),
        cpu: await cpuFacts(),
        disks: (await list()).map(({ also: _also, read_only: _readOnly, ...disk }) => disk),
        memory: await memoryFacts(),
        bmc_address: null,
        bmc_v6address: null,
        system_vendor: {
          product_name: 'Virtual machine',
          serial_number: null,
          manufacturer: 'Ferrite',
          firmware: { vendor: '', version: '', build_date: '' },
        },
        boot: { current_boot_mode: bootMode, pxe_interface: null },
        hostname: hostname(),
      }
    },
    async openDisk(name) {
      if (!paths.includes(name)) throw new Fault('disk_not_found', `${name} is not a disk of this machine`)
      return openAnyDisk(name)
    },
    eraseByDevice: punchHole,
    bootEntries: async () => undefined,
    syncClock: async () => {},
    // Every write path flushes its disk; the computer around this machine is left alone.
    sync: async () => {},
    powerOff: onPowerOff,
    reboot: onReboot,
    // The computer around this machine has users of its own.
    handOver: async () => {},
    isolate: async () => {},
    collectLogs: () => collectLogs({ isRamdisk: false }),
  }
}

/** A file gives its blocks back and reads as zeros from then on; a block device is left to be overwritten. */
async function punchHole(name: string, { signal }: EraseOptions): Promise<string | undefined> {
  const info = await stat(name)
  if (!info.isFile()) return undefined
  const { code } = await run('fallocate', ['--punch-hole', '--offset', '0', '--length', String(info.size), name], {
    signal,
  })
  return code === 0 ? 'hole punched' : undefined
}

async function diskFacts(name: string, index: number): Promise<ListedDisk> {
  const info = await stat(name).catch((cause: unknown) => {
    throw new Fault('disk_not_found', `cannot look at the disk ${name}`, { cause })
  })
  const size = info.isBlockDevice() ? await deviceSizeBytes(name) : info.size
  const digest = createHash('sha256').update(name).digest('hex')
  return {
    name,
    model: 'FERRITE-DISK',
    size,
    rotational: false,
    wwn: `0x5${digest.slice(0, 15)}`,
    serial: `ferrite-${digest.slice(0, 12)}`,
    vendor: 'FERRITE',
    wwn_with_extension: `0x5${digest.slice(0, 15)}`,
    wwn_vendor_extension: null,
    hctl: `${index}:0:0:0`,
    by_path: null,
    logical_sectors: 512,
    physical_sectors: 4096,
    tran: null,
  }
}

const interfaceFacts = (mac: string, index: number): InventoryInterface => ({
  name: `eth${index}`,
  mac_address: mac,
  ipv4_address: null,
  ipv6_address: null,
  has_carrier: true,
  lldp: null,
  vendor: null,
  product: null,
  client_id: null,
  biosdevname: null,
  speed_mbps: null,
  pci_address: null,
  driver: null,
})
