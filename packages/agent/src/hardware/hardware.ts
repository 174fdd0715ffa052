import type { Inventory, InventoryDisk } from '@ferrite/shared/contracts/inventory'
import type { Disk } from './disk.ts'

/** Every touch of the machine. `linux.ts` is the real one; tests and the lab give it files as disks. */
export interface Hardware {
  inventory(): Promise<Inventory>
  /** Disks that could be written or erased, sorted as IPA sorts them (size, then name for the default root). */
  disks(): Promise<InventoryDisk[]>
  /** MAC addresses of the machine's interfaces, for lookup. */
  macAddresses(): Promise<string[]>
  /** Opens a disk of `disks()` exclusively. Fault disk_in_use names what holds it (a mount, RAID, LVM, swap). */
  openDisk(path: string): Promise<Disk>
  bootMode(): Promise<'bios' | 'uefi'>
  /** sync, drop caches, flush every disk. */
  sync(): Promise<void>
  powerOff(): Promise<void>
  reboot(): Promise<void>
  /** A gzipped tar of logs and command outputs, base64. */
  collectLogs(): Promise<string>
}
