import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { describeConfig, loadConfig } from './config.ts'

const load = (flags: Record<string, unknown>, env: NodeJS.ProcessEnv = {}) => loadConfig({ flags, env })

test('the ramdisks’ port follows the operators’, so that one option moves a conductor out of another’s way', () => {
  expect(load({})).toMatchObject({ listen: '127.0.0.1:6385', ramdisk_listen: '127.0.0.1:6386' })
  expect(load({ listen: '127.0.0.1:7000' }).ramdisk_listen).toBe('127.0.0.1:7001')
  expect(load({ listen: '[::1]:7000' }).ramdisk_listen).toBe('127.0.0.1:7001')
  expect(load({ listen: '127.0.0.1:0' }).ramdisk_listen).toBe('127.0.0.1:0')
  expect(load({ listen: '127.0.0.1:7000', ramdisk_listen: '127.0.0.1:9' }).ramdisk_listen).toBe('127.0.0.1:9')
  const seen = describeConfig({ env: { FERRITE_LISTEN: '127.0.0.1:7000' } }).find(
    ({ name }) => name === 'ramdisk_listen',
  )
  expect(seen?.value).toBe('127.0.0.1:7001')
})

test('a value that cannot be is told with what could be', () => {
  expect(() => load({ automated_clean: 'maybe' })).toThrow(
    'setting automated_clean from the command line: expected true or false',
  )
  expect(load({}, { FERRITE_AUTOMATED_CLEAN: 'no' }).automated_clean).toBe(false)
})

test.each([
  [{ workers: 'none' }, 'setting workers from the command line: expected a number'],
  [{ workers: '1.5' }, 'setting workers from the command line: expected a whole number'],
  [{ workers: '-3' }, 'setting workers from the command line: expected 1 or more'],
  [{ log_level: 'loud' }, 'setting log_level from the command line: expected one of trace, debug, info'],
  [{ state_dir: 3 }, 'setting state_dir from the command line: expected a string'],
])('%j is refused in words of an operator', (flags, said) => {
  expect(() => load(flags)).toThrow(said)
})

test('an unknown setting is an error that names it, wherever it comes from', () => {
  expect(() => load({ automated_cleen: true })).toThrow(
    /automated_cleen, which is no setting \(did you mean automated_clean\?\)/,
  )
  expect(() => load({}, { FERRITE_NONSENSE: '1' })).toThrow(/FERRITE_NONSENSE, which is no setting$/)
  expect(() => load({ listn: 'x' })).toThrow(/listn, which is no setting \(did you mean listen\?\)/)
  expect(() => load({ statedir: 'x' })).toThrow(/did you mean state_dir\?/)
  expect(() => load({}, { FERRITE_ENABLED_HARDWARE: 'x' })).toThrow(/did you mean enabled_hardware_types\?/)
})

test('a file that is no YAML is told in one line, with the place', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'ferrite-config-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const file = path.join(dir, 'conductor.ini')
  await writeFile(file, '[DEFAULT]\nlisten = 127.0.0.1:6385\n')
  expect(() => loadConfig({ file, env: {} })).toThrow(/^cannot read the configuration file .*ini: .* line 2, column 1$/)
  await writeFile(file, 'workers = 3')
  expect(() => loadConfig({ file, env: {} })).toThrow(/must hold settings, one "name: value" a line/)
})
