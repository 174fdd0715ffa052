/** One of the four primary entries of a DOS partition table; LBAs are sectors. */
export type MbrEntry = { number: number; type: number; bootable: boolean; first: number; sectors: number }

export const protectiveType = 0xee
const entryOffset = (number: number): number => 446 + (number - 1) * 16

/** The four entries, or undefined when the sector holds no partition table (a lone FAT boot sector does not, either). */
export function readMbr(sector: Buffer): MbrEntry[] | undefined {
  if (sector.length < 512 || sector.readUInt16LE(510) !== 0xaa55) return undefined
  const entries = [1, 2, 3, 4].map((number) => {
    const entry = sector.subarray(entryOffset(number), entryOffset(number) + 16)
    const flag = entry.readUInt8(0)
    const facts = { number, type: entry.readUInt8(4), bootable: flag === 0x80 }
    return { flag, ...facts, first: entry.readUInt32LE(8), sectors: entry.readUInt32LE(12) }
  })
  if (entries.some(({ flag }) => flag !== 0 && flag !== 0x80)) return undefined
  return entries.map(({ flag: _flag, ...entry }) => entry)
}

export const inUse = ({ type, sectors }: MbrEntry): boolean => type !== 0 && sectors > 0

/** `0x%08x` of the disk identifier at bytes 440 to 443, which Ironic calls the root UUID of a whole-disk image. */
export const mbrDiskId = (sector: Buffer): string => `0x${sector.readUInt32LE(440).toString(16).padStart(8, '0')}`

/** The sector with this entry changed; cylinder and head are set to "too large", as for any disk of today. */
export function withMbrEntry(sector: Buffer, { number, type, bootable, first, sectors }: MbrEntry): Buffer {
  const changed = Buffer.from(sector)
  const entry = changed.subarray(entryOffset(number), entryOffset(number) + 16)
  entry.set([bootable ? 0x80 : 0, 0xfe, 0xff, 0xff, type, 0xfe, 0xff, 0xff])
  entry.writeUInt32LE(first, 8)
  entry.writeUInt32LE(sectors, 12)
  return changed
}

/** The protective entry that covers all of a disk of `diskSectors`, when it is the only entry; else the sector as it is. */
export function withProtectiveSize(sector: Buffer, diskSectors: number): Buffer {
  const used = (readMbr(sector) ?? []).filter(inUse)
  const [only] = used
  if (used.length !== 1 || !only || only.type !== protectiveType) return sector
  const changed = Buffer.from(sector)
  changed.writeUInt32LE(Math.min(diskSectors - 1, 0xffffffff), entryOffset(only.number) + 12)
  return changed
}
