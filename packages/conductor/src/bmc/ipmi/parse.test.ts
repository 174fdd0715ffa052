import { expect, test } from 'vitest'
import { bootFlagsRequest, parseBootFlags } from './boot-flags.ts'
import { parseFacts, parsePower, parseSensors } from './parse.ts'

test('the power is on, off, or not said', () => {
  expect(parsePower('Chassis Power is on\n')).toBe('power on')
  expect(parsePower('Chassis Power is off')).toBe('power off')
  expect(parsePower('Chassis Power is Unknown')).toBeUndefined()
  expect(parsePower('')).toBeUndefined()
})

test('boot flags carry device, persistence and firmware in their bits', () => {
  expect(bootFlagsRequest('pxe', { persistent: true, uefi: true }).slice(4, 6)).toEqual(['0xe0', '0x04'])
  expect(bootFlagsRequest('disk', { persistent: false, uefi: false }).slice(4, 6)).toEqual(['0x80', '0x08'])
  expect(bootFlagsRequest('cdrom', { persistent: false, uefi: true }).slice(4, 6)).toEqual(['0xa0', '0x14'])
})

test('boot flags are read, with and without the bit that says they count', () => {
  expect(parseBootFlags(' 01 05 e0 04 00 00 00\n')).toEqual({
    device: 'pxe',
    valid: true,
    persistent: true,
    uefi: true,
  })
  expect(parseBootFlags(' 01 05 00 08 00 00 00\n')).toEqual({
    device: 'disk',
    valid: false,
    persistent: false,
    uefi: false,
  })
  expect(parseBootFlags('01 85 00 00 00 00 00').device).toBeNull()
  for (const nonsense of ['', 'zz', '01 04 00 00', 'Error'])
    expect(() => parseBootFlags(nonsense)).toThrow('something else')
})

test('what a controller says of itself is read line by line', () => {
  const facts = parseFacts(
    'Firmware Revision         : 9.08\nManufacturer Name : Super: Micro\nAdditional Device Support :\n    Sensor Device\n    SEL Device\n',
  )
  expect(facts).toEqual({
    'Firmware Revision': '9.08',
    'Manufacturer Name': 'Super: Micro',
    'Additional Device Support': 'Sensor Device, SEL Device',
  })
})

test('sensors have a number and a unit, or a word', () => {
  const text =
    'CPU Temp         | 01h | ok  |  3.1 | 42 degrees C\nFAN1 | 41h | ns  | 29.1 | No Reading\nPS1 Status | c8h | ok | 10.1 | Presence detected\nrubbish\n'
  expect(parseSensors(text)).toEqual([
    { name: 'CPU Temp', value: 42, unit: 'degrees C', state: 'ok', text: '42 degrees C' },
    { name: 'FAN1', value: null, unit: null, state: 'ns', text: 'No Reading' },
    { name: 'PS1 Status', value: null, unit: null, state: 'ok', text: 'Presence detected' },
  ])
})
