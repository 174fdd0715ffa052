import { expect, test } from 'vitest'
import { rootDeviceHints } from './root-device.ts'

test('the instance’s hints come before the node’s, as an object or as JSON text', () => {
  const properties = { root_device: { serial: 'A' } }
  expect(rootDeviceHints({ properties })).toEqual({ serial: 'A' })
  expect(rootDeviceHints({ properties, instance_info: { root_device: '{"wwn": "B"}' } })).toEqual({ wwn: 'B' })
  expect(rootDeviceHints({ properties: { root_device: {} }, instance_info: null })).toBeUndefined()
})

test.each([
  [{ colour: 'red' }, /unknown hints: colour; there are size, model/],
  [['x'], /not an object/],
  ['{', /not JSON/],
])('%j is refused', (root_device, message) => {
  expect(() => rootDeviceHints({ properties: { root_device } })).toThrow(message)
})
