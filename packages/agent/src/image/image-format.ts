import { Fault } from '@ferrite/shared/fault'

const ascii = (text: string): readonly number[] => [...Buffer.from(text, 'latin1')]

/** What the first bytes of a file say it is. */
// oxfmt-ignore
const magics = [
  { format: 'qcow2', at: 0,     bytes: [0x51, 0x46, 0x49, 0xfb] },
  { format: 'gzip',  at: 0,     bytes: [0x1f, 0x8b, 0x08] },
  { format: 'zstd',  at: 0,     bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { format: 'xz',    at: 0,     bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { format: 'bzip2', at: 0,     bytes: ascii('BZh') },
  { format: 'vmdk',  at: 0,     bytes: ascii('KDMV') },
  { format: 'vmdk',  at: 0,     bytes: ascii('# Disk DescriptorFile') },
  { format: 'vhdx',  at: 0,     bytes: ascii('vhdxfile') },
  { format: 'vhd',   at: 0,     bytes: ascii('conectix') },
  { format: 'vdi',   at: 0x40,  bytes: [0x7f, 0x10, 0xda, 0xbe] },
] as const

/** The format that the first bytes show; raw when they show none. */
export function detectFormat(head: Uint8Array): string {
  const found = magics.find(({ at, bytes }) => bytes.every((byte, index) => head[at + index] === byte))
  return found?.format ?? 'raw'
}

/** Formats that are the disk's bytes as they are. An image declared so is not looked into, as in ironic-python-agent. */
const rawNames = new Set(['raw', 'gpt', 'iso'])

/** Fault image_format_refused for anything that cannot be written as it is. `declared` null: found out from the bytes. */
export function refuseUnlessRaw(declared: string | null, head: Uint8Array): void {
  if (declared !== null) {
    if (rawNames.has(declared)) return
    throw new Fault(
      'image_format_refused',
      `images of the format "${declared}" cannot be written; convert the image to raw (qemu-img convert -O raw)`,
    )
  }
  const detected = detectFormat(head)
  if (detected === 'raw') return
  throw new Fault(
    'image_format_refused',
    `the image is ${detected}, not raw; unpack or convert it first, or declare the format raw to write it as it is`,
  )
}
