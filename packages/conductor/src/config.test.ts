import { expect, test } from 'vitest'
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

test('an unknown setting is an error that names it, wherever it comes from', () => {
  expect(() => load({ automated_cleen: true })).toThrow(
    /automated_cleen, which is no setting \(did you mean automated_clean\?\)/,
  )
  expect(() => load({}, { FERRITE_NONSENSE: '1' })).toThrow(/FERRITE_NONSENSE, which is no setting/)
})
