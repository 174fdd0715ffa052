import { ascii, both32, zeros } from './fields.ts'
import { sectorBytes } from './layout.ts'

/** The volume descriptor that says where the boot catalogue is (El Torito 1.0, figure 7). */
export function bootRecord(catalogueSector: number): Uint8Array {
  const record = new Uint8Array(sectorBytes)
  record.set([0, ...ascii('CD001'), 1, ...ascii('EL TORITO SPECIFICATION'), ...zeros(9 + 32), ...le32(catalogueSector)])
  return record
}

export type BootImage = { sector: number; bytes: number }

/** Boots `bios` (whose first 2 KiB are loaded by the firmware) on a BIOS, and the FAT file system `efi` on a UEFI machine. */
export function bootCatalogue({ bios, efi }: { bios: BootImage; efi: BootImage }): Uint8Array {
  const catalogue = new Uint8Array(sectorBytes)
  catalogue.set([
    ...withChecksum([1, 0, 0, 0, ...ascii('FERRITE'), ...zeros(17), 0, 0, 0x55, 0xaa]),
    ...bootEntry(bios.sector, 4),
    // The last section header: one entry, for EFI.
    ...[0x91, 0xef, 1, 0, ...zeros(28)],
    ...bootEntry(efi.sector, Math.ceil(efi.bytes / 512)),
  ])
  return catalogue
}

/** No emulation, loaded where BIOSes load; `count` in sectors of 512 bytes. */
const bootEntry = (sector: number, count: number): number[] => [
  ...[0x88, 0, 0, 0, 0, 0, count & 255, count >> 8],
  ...le32(sector),
  ...zeros(20),
]

/** The 16-bit words of a validation entry add up to zero. */
function withChecksum(entry: number[]): number[] {
  let sum = 0
  for (let at = 0; at < entry.length; at += 2) sum += (entry[at] ?? 0) | ((entry[at + 1] ?? 0) << 8)
  const check = -sum & 0xffff
  return entry.with(28, check & 255).with(29, check >> 8)
}

const le32 = (n: number): number[] => both32(n).slice(0, 4)
