/**
 * One file at the root of a ramdisk, readable for root only, as an archive of its own (cpio "newc") that a boot loader
 * hands over after the ramdisk: the kernel unpacks one into the other.
 */
export function initrdFile(name: string, content: Uint8Array): Buffer {
  return Buffer.concat([...record(name, content, 0o100600), ...record('TRAILER!!!', new Uint8Array(), 0)])
}

function record(name: string, content: Uint8Array, mode: number): Uint8Array[] {
  const inode = mode === 0 ? 0 : 1
  const ended = Buffer.from(`${name}\0`)
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, ended.length, 0]
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`)
  return [header, ended, padding(header.length + ended.length), content, padding(content.length)]
}

const padding = (length: number): Uint8Array => new Uint8Array((4 - (length % 4)) % 4)
