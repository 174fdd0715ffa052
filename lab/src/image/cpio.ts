export type CpioEntry =
  | { path: string; kind: 'file'; mode: number; bytes: Uint8Array }
  | { path: string; kind: 'directory' }
  | { path: string; kind: 'link'; target: string }

const modes = { file: 0o100000, directory: 0o040755, link: 0o120777 }

/** An initramfs archive (cpio "newc"), everything owned by root at time 0. */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => record(entry.path, modeOf(entry), bytesOf(entry), index + 1))
  return Buffer.concat([...parts, ...record('TRAILER!!!', 0, new Uint8Array(), 0)])
}

const modeOf = (entry: CpioEntry): number => (entry.kind === 'file' ? modes.file | entry.mode : modes[entry.kind])

function bytesOf(entry: CpioEntry): Uint8Array {
  if (entry.kind === 'file') return entry.bytes
  return entry.kind === 'link' ? Buffer.from(entry.target) : new Uint8Array()
}

function record(path: string, mode: number, bytes: Uint8Array, inode: number): Uint8Array[] {
  const name = Buffer.from(`${path}\0`)
  const fields = [inode, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length, 0]
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`
  return [Buffer.from(header), name, padding(header.length + name.length), bytes, padding(bytes.length)]
}

const padding = (length: number): Uint8Array => new Uint8Array((4 - (length % 4)) % 4)
