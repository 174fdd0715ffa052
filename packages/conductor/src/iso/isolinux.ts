import type { BootImage } from './el-torito.ts'
import { sectorBytes } from './layout.ts'

const sectorsOf512 = sectorBytes / 512

/** isolinux.bin with the table in which it finds itself on the medium (what mkisofs calls -boot-info-table). */
export function withBootInfo(loader: Uint8Array, sector: number): Buffer {
  const patched = Buffer.from(loader)
  patched.fill(0, 8, 64)
  patched.writeUInt32LE(16, 8)
  patched.writeUInt32LE(sector, 12)
  patched.writeUInt32LE(loader.length, 16)
  const words = Buffer.alloc(Math.ceil((loader.length - 64) / 4) * 4)
  patched.copy(words, 0, 64)
  let sum = 0
  for (let at = 0; at < words.length; at += 4) sum = (sum + words.readUInt32LE(at)) >>> 0
  patched.writeUInt32LE(sum, 20)
  return patched
}

/**
 * The first sector of a medium that is a disk too: boot code that finds isolinux, and a partition for UEFI. The first
 * entry, over everything, is only there for BIOSes that want an active one; firmware that checks for overlaps skips its type.
 */
export function hybridBootSector(
  code: Uint8Array,
  { bios, efi, sectors }: { bios: BootImage; efi: BootImage; sectors: number },
): Buffer {
  const sector = Buffer.alloc(512)
  sector.set(code.subarray(0, 432))
  sector.writeUInt32LE(bios.sector * sectorsOf512, 432)
  sector.writeUInt32LE(0x46455252, 440)
  partition(sector, 446, { active: 0x80, type: 0, start: 0, length: sectors * sectorsOf512 })
  partition(sector, 462, {
    active: 0,
    type: 0xef,
    start: efi.sector * sectorsOf512,
    length: Math.ceil(efi.bytes / 512),
  })
  sector.writeUInt16BE(0x55aa, 510)
  return sector
}

/** An entry whose cylinders, heads and sectors say: look at the linear addresses. */
function partition(
  sector: Buffer,
  at: number,
  entry: { active: number; type: number; start: number; length: number },
): void {
  sector.set([entry.active, 0xfe, 0xff, 0xff, entry.type, 0xfe, 0xff, 0xff], at)
  sector.writeUInt32LE(entry.start, at + 8)
  sector.writeUInt32LE(entry.length, at + 12)
}
