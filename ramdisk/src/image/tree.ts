import { createHash } from 'node:crypto'
import path from 'node:path'

export type TreeEntry =
  | { kind: 'file'; content: Buffer; mode: number; origin: string }
  | { kind: 'symlink'; target: string; origin: string }
  | { kind: 'directory'; mode: number }
  | { kind: 'device'; mode: number; major: number; minor: number }

/** Files of an image by path, without a slash at the beginning. `origin` says where each came from. */
export class ImageTree {
  readonly entries = new Map<string, TreeEntry>()

  file(file: string, content: Buffer | string, { mode = 0o644, origin }: { mode?: number; origin: string }): void {
    this.#put(file, { kind: 'file', content: Buffer.from(content), mode, origin })
  }

  symlink(file: string, target: string, origin: string): void {
    this.#put(file, { kind: 'symlink', target, origin })
  }

  directory(file: string, mode = 0o755): void {
    this.#put(file, { kind: 'directory', mode })
  }

  device(file: string, device: { mode: number; major: number; minor: number }): void {
    this.#put(file, { kind: 'device', ...device })
  }

  has(file: string): boolean {
    return this.entries.has(file)
  }

  #put(file: string, entry: TreeEntry): void {
    const parent = path.posix.dirname(file)
    if (parent !== '.' && !this.entries.has(parent)) this.directory(parent)
    this.entries.set(file, entry)
  }
}

/** Every file and link with what it is and where it came from, sorted by path. */
export function inventoryOf(tree: ImageTree): FileRecord[] {
  const records = [...tree.entries].flatMap(([file, entry]): FileRecord[] => {
    if (entry.kind === 'symlink') return [{ path: `/${file}`, target: entry.target, origin: entry.origin }]
    if (entry.kind !== 'file') return []
    const sha256 = createHash('sha256').update(entry.content).digest('hex')
    return [{ path: `/${file}`, bytes: entry.content.length, sha256, origin: entry.origin }]
  })
  return records.sort((a, b) => (a.path < b.path ? -1 : 1))
}

export type FileRecord = { path: string; origin: string; bytes?: number; sha256?: string; target?: string }
