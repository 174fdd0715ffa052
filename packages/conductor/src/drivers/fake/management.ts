import { bootDevices } from '@ferrite/shared/contracts/nodes'
import type { Indicators, ManagementInterface, VirtualMedium } from '../../core/interfaces.ts'
import { behave, fakeInterface } from './behaviour.ts'
import { remember } from './remember.ts'

const indicators: Indicators = {
  chassis: { 'led-0': { readonly: true, states: ['OFF', 'ON'] } },
  system: { led: { readonly: false, states: ['BLINKING', 'OFF', 'ON'] } },
}

const drives: readonly { device_type: VirtualMedium['device_type']; media_types: readonly string[] }[] = [
  { device_type: 'cdrom', media_types: ['CD', 'DVD'] },
  { device_type: 'disk', media_types: ['USBStick'] },
  { device_type: 'floppy', media_types: ['Floppy'] },
]

/** A machine with two lights and three drives, whose boot device is what it was told last. */
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
  async setBootMode(task) {
    await behave(task, 'management')
  },
  async setSecureBoot(task) {
    await behave(task, 'management')
  },
  async virtualMedia(task) {
    await behave(task, 'management')
    const media = task.node.internal.fake?.media ?? []
    return drives.map(({ device_type, media_types }) => {
      const medium = media.find((one) => one.device_type === device_type)
      return { media_types, inserted: medium !== undefined, image: medium?.image_url ?? null }
    })
  },
  async attachVirtualMedia(task, medium) {
    await behave(task, 'management')
    const others = (task.node.internal.fake?.media ?? []).filter(
      ({ device_type }) => device_type !== medium.device_type,
    )
    await remember(task, { media: [...others, medium] })
  },
  async detachVirtualMedia(task, devices) {
    await behave(task, 'management')
    const media = task.node.internal.fake?.media ?? []
    await remember(task, { media: devices ? media.filter(({ device_type }) => !devices.includes(device_type)) : [] })
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
