import type { ImageFormat } from './image-formats.ts'

/** As much of the beginning of a file as detection looks at; a file that is shorter is given whole. */
export const detectionBytes = 64 * 1024

const ascii = (text: string): readonly number[] => [...Buffer.from(text, 'latin1')]

/** The first row whose bytes are there decides, so what is at the very beginning comes first. */
// oxfmt-ignore
const magics: readonly { format: ImageFormat; at: number; bytes: readonly number[]; also?: (head: Uint8Array) => boolean }[] = [
  { format: 'qcow',      at: 0,      bytes: [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 1] },
  { format: 'qcow2',     at: 0,      bytes: [0x51, 0x46, 0x49, 0xfb] },
  { format: 'qed',       at: 0,      bytes: ascii('QED\0') },
  // Deflate is the only method, and the upper flags are reserved (RFC 1952).
  { format: 'gzip',      at: 0,      bytes: [0x1f, 0x8b, 8], also: (head) => ((head[3] ?? 0) & 0xe0) === 0 },
  { format: 'zstd',      at: 0,      bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { format: 'xz',        at: 0,      bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] },
  // After the level comes the mark of the first block, or that of the end.
  { format: 'bzip2',     at: 0,      bytes: ascii('BZh'), also: (head) => head[4] === 0x31 || head[4] === 0x17 },
  { format: 'lzma',      at: 0,      bytes: [0x5d, 0, 0], also: isLzma },
  { format: 'lzop',      at: 0,      bytes: [0x89, 0x4c, 0x5a, 0x4f, 0, 0x0d, 0x0a, 0x1a, 0x0a] },
  { format: 'compress',  at: 0,      bytes: [0x1f, 0x9d], also: (head) => ((head[2] ?? 0) & 0x1f) >= 9 && ((head[2] ?? 0) & 0x1f) <= 16 },
  { format: 'rar',       at: 0,      bytes: ascii('Rar!\x1a\x07') },
  { format: 'simg',      at: 0,      bytes: [0x3a, 0xff, 0x26, 0xed, 1, 0] },
  { format: 'lz4',       at: 0,      bytes: [0x04, 0x22, 0x4d, 0x18] },
  { format: 'lzip',      at: 0,      bytes: ascii('LZIP') },
  { format: 'zip',       at: 0,      bytes: [0x50, 0x4b, 3, 4] },
  { format: '7z',        at: 0,      bytes: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] },
  { format: 'wim',       at: 0,      bytes: ascii('MSWIM\0\0\0') },
  { format: 'vmdk',      at: 0,      bytes: ascii('KDMV') },
  { format: 'vmdk',      at: 0,      bytes: ascii('COWD') },
  { format: 'vmdk',      at: 0,      bytes: [0xbe, 0xba, 0xfe, 0xca, 0, 0, 0, 0] },
  { format: 'vmdk',      at: 0,      bytes: ascii('# Disk DescriptorFile') },
  { format: 'vhdx',      at: 0,      bytes: ascii('vhdxfile') },
  { format: 'vhd',       at: 0,      bytes: ascii('conectix') },
  { format: 'parallels', at: 0,      bytes: ascii('WithoutFreeSpace') },
  { format: 'parallels', at: 0,      bytes: ascii('WithouFreSpacExt') },
  { format: 'luks',      at: 0,      bytes: [...ascii('LUKS'), 0xba, 0xbe] },
  { format: 'vdi',       at: 0x40,   bytes: [0x7f, 0x10, 0xda, 0xbe] },
  // The first volume descriptor; one with a partition table before it boots from a disk too.
  { format: 'iso',       at: 0x8001, bytes: ascii('CD001') },
  { format: 'gpt',       at: 512,    bytes: ascii('EFI PART') },
  { format: 'gpt',       at: 4096,   bytes: ascii('EFI PART') },
  { format: 'mbr',       at: 510,    bytes: [0x55, 0xaa], also: hasPartition },
  { format: 'tar',       at: 257,    bytes: ascii('ustar') },
]

/** Formats that are known by their last 512 bytes. */
const footers: readonly { format: ImageFormat; bytes: readonly number[] }[] = [
  { format: 'vhd', bytes: ascii('conectix') },
  { format: 'dmg', bytes: ascii('koly') },
]

/**
 * What a file is, by its first bytes (`detectionBytes`) and, where they are known, its last 512; raw when nothing tells.
 * A footer counts only where the beginning is that of a disk, for a fixed VHD is one with a footer behind.
 */
export function detectFormat(first: Uint8Array, last: Uint8Array = new Uint8Array()): ImageFormat {
  const head = skipZstdSkippable(first)
  const found = magics.find((magic) => begins(head, magic.bytes, magic.at) && (magic.also?.(head) ?? true))?.format
  if (found !== undefined && found !== 'gpt' && found !== 'mbr') return found
  const footer = footers.find(({ bytes }) => begins(last, bytes, Math.max(0, last.length - 512)))
  return footer?.format ?? found ?? 'raw'
}

const begins = (bytes: Uint8Array, magic: readonly number[], at: number): boolean =>
  magic.every((byte, index) => bytes[at + index] === byte)

/** Its header has no magic: a dictionary of a power of two, and a size that is unknown or below a PiB. */
function isLzma(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  if (head.length < 13) return false
  const dictionary = view.getUint32(1, true)
  const isPower = dictionary >= 4096 && (dictionary & (dictionary - 1)) === 0
  return isPower && (view.getUint32(9, true) === 0xffff_ffff || view.getUint32(9, true) < 2 ** 18)
}

/** At least one entry with a type, and no status byte but those that exist: a boot sector of a file system has none. */
function hasPartition(head: Uint8Array): boolean {
  const entries = [446, 462, 478, 494].map((at) => ({ status: head[at] ?? 1, type: head[at + 4] ?? 0 }))
  return entries.every(({ status }) => status === 0 || status === 0x80) && entries.some(({ type }) => type !== 0)
}

/**
 * Without the skippable frames that zstd tools (and lz4) may put first (RFC 8878, 3.1.2). When nothing of the rest is in
 * the head, it is taken for zstd, whose decoder has the last word.
 */
function skipZstdSkippable(first: Uint8Array): Uint8Array {
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength)
  let at = 0
  while (at + 8 <= first.length && (view.getUint32(at, true) & 0xffff_fff0) >>> 0 === 0x184d_2a50) {
    at += 8 + view.getUint32(at + 4, true)
  }
  if (at === 0) return first
  return at + 4 <= first.length ? first.subarray(at) : Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)
}
