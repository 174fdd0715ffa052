type Row = { become: 'write' | 'place' | 'decompress' | 'convert' | 'unpack'; name: string }

/**
 * Every format that is recognised, and what becomes of it: it is written as it is, its clusters are put in their places,
 * it is decompressed, or it is refused and the operator has to convert or unpack it.
 */
// oxfmt-ignore
const table = {
  raw:       { become: 'write',      name: 'a raw disk image' },
  mbr:       { become: 'write',      name: 'a raw disk image with an MBR' },
  gpt:       { become: 'write',      name: 'a raw disk image with a GPT' },
  iso:       { become: 'write',      name: 'an ISO 9660 image' },
  luks:      { become: 'write',      name: 'a LUKS volume' },
  qcow2:     { become: 'place',      name: 'a qcow2 image' },
  gzip:      { become: 'decompress', name: 'gzip' },
  zstd:      { become: 'decompress', name: 'zstd' },
  xz:        { become: 'decompress', name: 'xz' },
  bzip2:     { become: 'decompress', name: 'bzip2' },
  qcow:      { become: 'convert',    name: 'a qcow image of version 1' },
  qed:       { become: 'convert',    name: 'a QED image' },
  vmdk:      { become: 'convert',    name: 'a VMDK image' },
  vdi:       { become: 'convert',    name: 'a VDI image' },
  vhd:       { become: 'convert',    name: 'a VHD (VPC) image' },
  vhdx:      { become: 'convert',    name: 'a VHDX image' },
  parallels: { become: 'convert',    name: 'a Parallels image' },
  dmg:       { become: 'convert',    name: 'an Apple disk image' },
  lz4:       { become: 'unpack',     name: 'lz4' },
  lzma:      { become: 'unpack',     name: 'lzma (the format before xz)' },
  lzop:      { become: 'unpack',     name: 'lzop' },
  compress:  { become: 'unpack',     name: 'packed by compress (.Z)' },
  rar:       { become: 'unpack',     name: 'a RAR archive' },
  simg:      { become: 'unpack',     name: 'an Android sparse image (simg2img makes it raw)' },
  lzip:      { become: 'unpack',     name: 'lzip' },
  zip:       { become: 'unpack',     name: 'a zip archive' },
  '7z':      { become: 'unpack',     name: 'a 7z archive' },
  tar:       { become: 'unpack',     name: 'a tar archive (an OVA is one too)' },
  wim:       { become: 'unpack',     name: 'a Windows image (WIM)' },
} as const satisfies Record<string, Row>

export type ImageFormat = keyof typeof table
export type CompressionFormat = 'gzip' | 'zstd' | 'xz' | 'bzip2'

export const imageFormats: Readonly<Record<ImageFormat, Row>> = table

export const isCompression = (format: ImageFormat): format is CompressionFormat =>
  imageFormats[format].become === 'decompress'
