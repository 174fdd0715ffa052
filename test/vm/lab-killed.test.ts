import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { whatIsMissing } from '@ferrite/lab/vm/needs'

const root = path.join(import.meta.dirname, '../..')
const lacking = whatIsMissing({ firmware: ['bios'], bmcs: ['redfish'], net: 'switch' })

test.skipIf(lacking)('a lab that was killed leaves nothing once it is taken down', { timeout: 300_000 }, async () => {
  const TMPDIR = await mkdtemp(path.join(tmpdir(), 'lk-'))
  const lab = (...words: string[]) =>
    promisify(execFile)(process.execPath, ['lab/src/main.ts', ...words], { cwd: root, env: { ...process.env, TMPDIR } })
  onTestFinished(async () => {
    // Nothing is left to take down unless the test has failed.
    await lab('down').catch(() => undefined)
    await rm(TMPDIR, { recursive: true, force: true })
  })
  await lab('up', '--machines-as', 'vm')
  const record = JSON.parse(await readFile(path.join(root, '.ferrite/lab/lab.json'), 'utf8')) as { pid: number }
  const places = await readdir(TMPDIR)
  expect(places.length).toBeGreaterThan(0)
  process.kill(record.pid, 'SIGKILL')
  await lab('down')
  expect(await readdir(TMPDIR)).toEqual([])
})
