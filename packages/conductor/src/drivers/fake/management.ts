import { bootDevices } from '@ferrite/shared/contracts/nodes'
import type { Indicators, ManagementInterface } from '../../core/interfaces.ts'
import { behave, fakeInterface } from './behaviour.ts'
import { remember } from './remember.ts'

const indicators: Indicators = {
  chassis: { 'led-0': { readonly: true, states: ['OFF', 'ON'] } },
  system: { led: { readonly: false, states: ['BLINKING', 'OFF', 'ON'] } },
}

/** A machine with two lights, whose boot device is what it was told last. */
export const fakeManagement: ManagementInterface = {
  ...fakeInterface('management'),
  supportedBootDevices: async () => bootDevices,
  async getBootDevice(task) {
    await behave(task, 'management')
    const { fake } = task.node.internal
    return { boot_device: fake?.boot_device ?? 'pxe', persistent: fake?.persistent ?? false }
  },
  async setBootDevice(task, device, { persistent }) {
    await behave(task, 'management')
    await remember(task, { boot_device: device, persistent })
  },
  async indicators(task) {
    await behave(task, 'management')
    return indicators
  },
  async getIndicator(task, component, name) {
    await behave(task, 'management')
    return task.node.internal.fake?.indicators?.[`${name}@${component}`] ?? 'ON'
  },
  async setIndicator(task, component, name, state) {
    await behave(task, 'management')
    const known = task.node.internal.fake?.indicators
    await remember(task, { indicators: { ...known, [`${name}@${component}`]: state } })
  },
}

/** Takes every order and knows no boot device, as hardware that cannot be managed does. */
export const noopManagement: ManagementInterface = {
  name: 'noop',
  driverInfo: {},
  async validate() {},
  supportedBootDevices: async () => [],
  getBootDevice: async () => ({ boot_device: null, persistent: null }),
  async setBootDevice() {},
}
