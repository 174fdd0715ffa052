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
  [{ size: '>= many' }, /hint size of root_device is ">= many", but has to be a size in GiB/],
  [{ size: '>=' }, /has to be a size in GiB/],
  [{ size: '100 GB' }, /has to be a size in GiB/],
  [{ rotational: 'maybe' }, /hint rotational .* has to be true or false/],
])('%j is refused', (root_device, message) => {
  expect(() => rootDeviceHints({ properties: { root_device } })).toThrow(message)
})

test.each([100, '100', '>= 100', '= 100.5', 's== 100', '<or> 10 <or> 20', '<in> 10', '<range-in> [ 10 20 )'])(
  'the size %j is one that a disk can have',
  (size) => {
    expect(rootDeviceHints({ properties: { root_device: { size } } })).toEqual({ size })
  },
)

test.each([true, false, 'True', 'no', 0])('rotational may be %j', (rotational) => {
  expect(rootDeviceHints({ properties: { root_device: { rotational } } })).toEqual({ rotational })
})
