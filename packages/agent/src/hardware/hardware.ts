import type { Inventory, InventoryDisk } from '@ferrite/shared/contracts/inventory'
import type { Disk } from './disk.ts'

/** A disk with the other serials and WWNs that it is known by, and whether it refuses writes. */
export type ListedDisk = InventoryDisk & {
  also?: { serial?: readonly string[]; wwn?: readonly string[] } | undefined
  read_only?: boolean | undefined
}

/** Every touch of the machine. `linux.ts` is the real one; tests and the lab give it files as disks. */
export interface Hardware {
  inventory(): Promise<Inventory>
  /** Disks that could be written or erased, in the kernel's order. */
  disks(): Promise<ListedDisk[]>
  /** MAC addresses of the machine's interfaces, for lookup. */
  macAddresses(): Promise<string[]>
  /** The interfaces and the address that each has. */
  addresses(): Promise<{ mac: string; address: string | null; up: boolean }[]>
  /** Opens a disk of `disks()` exclusively. Fault disk_in_use names what holds it (a mount, RAID, LVM, swap). */
  openDisk(path: string): Promise<Disk>
  /**
   * Erases a whole disk by its own means (NVMe format, discard with zeros) and says which; undefined: it has none.
   * Whether it is empty afterwards is for the caller to check.
   */
  eraseByDevice(path: string, options: EraseOptions): Promise<string | undefined>
  bootMode(): Promise<'bios' | 'uefi'>
  /** The firmware's boot entries; undefined where there is no UEFI or no tool for it. */
  bootEntries(): Promise<BootEntries | undefined>
  /** Sets the clock from an NTP server. */
  syncClock(server: string): Promise<void>
  /** sync, drop caches, flush every disk. */
  sync(): Promise<void>
  powerOff(): Promise<void>
  reboot(): Promise<void>
  /** Leaves the hash of a password for the ramdisk to let its user in, and a mark that the agent is not to start again. */
  handOver(passwordHash: string): Promise<void>
  /** Takes every network link down. */
  isolate(): Promise<void>
  /** A gzipped tar of logs and command outputs, base64. */
  collectLogs(): Promise<string>
}

export type EraseOptions = { nvmeFormat: boolean; signal: AbortSignal }

export interface BootEntries {
  /** Makes this loader (`\EFI\debian\shimx64.efi`) the first thing to boot; entries with the same label go. */
  put(entry: { disk: string; partition: number; label: string; loader: string }): Promise<void>
}
