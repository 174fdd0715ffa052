import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { holdStateDir } from './state-dir.ts'

const place = async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'ferrite-held-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

test('a state directory is made with its parents, for nobody else to read', async () => {
  const dir = path.join(await place(), 'a/b')
  using held = holdStateDir(dir)
  expect(held).toBeDefined()
  expect((await stat(dir)).mode & 0o777).toBe(0o700)
})

test('a second conductor on a state directory is refused, with the process that has it, until that has gone', async () => {
  const dir = await place()
  {
    using held = holdStateDir(dir)
    expect(held).toBeDefined()
    expect(() => holdStateDir(dir)).toThrow(
      new RegExp(`${dir} is in use by another conductor \\(process ${process.pid}\\)`),
    )
  }
  using again = holdStateDir(dir)
  expect(again).toBeDefined()
})

test.each(['a file', 'a file/below', '/proc/nowhere'])(
  '%s as a state directory is an error that names it',
  async (name) => {
    const dir = path.resolve(await place(), name)
    if (name.startsWith('a file')) await writeFile(path.join(dir.split('/a file')[0] ?? '', 'a file'), '')
    expect(() => holdStateDir(dir)).toThrow(`cannot use the state directory ${dir}`)
  },
)
