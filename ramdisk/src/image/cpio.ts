import type { ImageTree, TreeEntry } from './tree.ts'

const modes = { file: 0o100000, directory: 0o040000, symlink: 0o120000, device: 0o020000 } as const

/**
 * A tree as the kernel unpacks it (cpio "newc"): sorted, owned by root, every time the same, so that equal trees give
 * equal bytes.
 */
export function cpio(tree: ImageTree, mtimeSeconds: number): Buffer {
  const parts: Buffer[] = []
  const files = [...tree.entries].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [i, [name, entry]] of files.entries()) parts.push(...record(name, entry, { inode: i + 1, mtimeSeconds }))
  parts.push(...record('TRAILER!!!', undefined, { inode: 0, mtimeSeconds: 0 }))
  return Buffer.concat(parts)
}

function record(
  name: string,
  entry: TreeEntry | undefined,
  { inode, mtimeSeconds }: { inode: number; mtimeSeconds: number },
): Buffer[] {
  const content = contentOf(entry)
  const device = entry?.kind === 'device' ? entry : { major: 0, minor: 0 }
  const fields = [
    inode,
    entry ? modes[entry.kind] | ('mode' in entry ? entry.mode : 0o777) : 0,
    0,
    0,
    entry?.kind === 'directory' ? 2 : 1,
    mtimeSeconds,
    content.length,
    0,
    0,
    device.major,
    device.minor,
    Buffer.byteLength(name) + 1,
    0,
  ]
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`
  return [padded(Buffer.from(`${header}${name}\0`)), padded(content)]
}

function contentOf(entry: TreeEntry | undefined): Buffer {
  if (entry?.kind === 'file') return entry.content
  return entry?.kind === 'symlink' ? Buffer.from(entry.target) : Buffer.alloc(0)
}

const padded = (bytes: Buffer): Buffer =>
  bytes.length % 4 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))])
