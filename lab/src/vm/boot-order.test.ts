import { expect, test } from 'vitest'
import { afterBoot, bootIndex, bootOrder } from './boot-order.ts'
import type { BootOverride } from '../machine.ts'

const override = (enabled: BootOverride['enabled'], target: BootOverride['target']): BootOverride => ({
  enabled,
  target,
  mode: 'UEFI',
})

test('without an override the disk comes first and the network second', () => {
  expect(bootOrder(override('Disabled', 'Pxe'))).toEqual(['disk0', 'nic0'])
})

test('an override puts its device first, and devices that are not asked for have no place', () => {
  const order = bootOrder(override('Once', 'Cd'))
  expect(order).toEqual(['cd0', 'disk0', 'nic0'])
  expect(bootIndex(order, 'cd0')).toBe(1)
  expect(bootIndex(order, 'usb0')).toBeUndefined()
})

test('a boot uses up what was for one boot, and nothing else', () => {
  expect(afterBoot(override('Once', 'Pxe'))).toMatchObject({ enabled: 'Disabled', target: 'None' })
  expect(afterBoot(override('Continuous', 'Pxe'))).toEqual(override('Continuous', 'Pxe'))
})
