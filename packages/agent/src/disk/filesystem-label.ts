import type { ReadAt } from './gpt.ts'

type Shape = { at: number; bytes: number; label: (block: Buffer) => string | undefined }

const text = (block: Buffer, from: number, to: number): string =>
  (block.subarray(from, to).toString('latin1').split('\0')[0] ?? '').trimEnd()

/** Where filesystems that carry a config drive keep their label. */
const shapes: readonly Shape[] = [
  {
    // ISO 9660: primary volume descriptor in the 17th 2 KiB block.
    at: 32_768,
    bytes: 512,
    label: (block) => (block.toString('latin1', 0, 6) === '\x01CD001' ? text(block, 40, 72) : undefined),
  },
  {
    at: 0,
    bytes: 512,
    label(block) {
      if (block.readUInt16LE(510) !== 0xaa55) return undefined
      if (block.toString('latin1', 82, 87) === 'FAT32') return text(block, 71, 82)
      return block.toString('latin1', 54, 57) === 'FAT' ? text(block, 43, 54) : undefined
    },
  },
  {
    // ext2 to ext4: superblock at 1 KiB.
    at: 1024,
    bytes: 512,
    label: (block) => (block.readUInt16LE(56) === 0xef53 ? text(block, 120, 136) : undefined),
  },
]

/** Label of the filesystem that begins at `offset` (ISO 9660, FAT, ext), or undefined. */
export async function filesystemLabel(readAt: ReadAt, offset: number, bytes: number): Promise<string | undefined> {
  for (const shape of shapes) {
    if (shape.at + shape.bytes > bytes) continue
    const label = shape.label(await readAt(offset + shape.at, shape.bytes))
    if (label !== undefined && label !== '') return label
  }
  return undefined
}
