import { expect, test } from 'vitest'
import { cpio } from './cpio.ts'
import { ImageTree, inventoryOf } from './tree.ts'

const treeIn = (order: readonly string[]): ImageTree => {
  const tree = new ImageTree()
  for (const name of order) tree.file(name, `${name}!`, { mode: 0o755, origin: 'here' })
  tree.symlink('bin', 'usr/bin', 'here')
  tree.device('dev/console', { mode: 0o600, major: 5, minor: 1 })
  return tree
}

/** The fields of every record, as the kernel's `do_header` reads them. */
function recordsOf(archive: Buffer) {
  const found = []
  for (let at = 0; ;) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701')
    const field = (n: number) => Number.parseInt(archive.toString('latin1', at + 6 + n * 8, at + 14 + n * 8), 16)
    const [mode, uid, gid, mtime, size, nameSize] = [1, 2, 3, 5, 6, 11].map(field)
    const name = archive.toString('latin1', at + 110, at + 110 + (nameSize ?? 0) - 1)
    const start = Math.ceil((at + 110 + (nameSize ?? 0)) / 4) * 4
    if (name === 'TRAILER!!!') return found
    const content = archive.toString('latin1', start, start + (size ?? 0))
    found.push({ name, mode, uid, gid, mtime, content, device: [field(9), field(10)] })
    at = Math.ceil((start + (size ?? 0)) / 4) * 4
  }
}

test('files come sorted, owned by root, of one time, after the directories they are in', () => {
  const records = recordsOf(cpio(treeIn(['usr/bin/b', 'usr/bin/a']), 1_700_000_000))
  expect(records.map(({ name }) => name)).toEqual([
    'bin',
    'dev',
    'dev/console',
    'usr',
    'usr/bin',
    'usr/bin/a',
    'usr/bin/b',
  ])
  expect(records.every(({ uid, gid, mtime }) => uid === 0 && gid === 0 && mtime === 1_700_000_000)).toBe(true)
  expect(records[0]).toMatchObject({ mode: 0o120777, content: 'usr/bin' })
  expect(records[2]).toMatchObject({ mode: 0o020600, device: [5, 1] })
  expect(records[5]).toMatchObject({ mode: 0o100755, content: 'usr/bin/a!' })
})

test('the order in which files were added leaves no trace', () => {
  const [one, two] = [treeIn(['x', 'a/b', 'a/a']), treeIn(['a/a', 'a/b', 'x'])]
  expect(cpio(one, 1).equals(cpio(two, 1))).toBe(true)
  expect(inventoryOf(one)).toEqual(inventoryOf(two))
})
