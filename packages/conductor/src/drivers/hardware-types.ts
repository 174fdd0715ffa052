import type { HardwareType } from '../core/interfaces.ts'

/** Which implementations each type of hardware accepts, the default first. */
// oxfmt-ignore
export const hardwareTypes: readonly HardwareType[] = [
  {
    name: 'redfish',
    interfaces: {
      power: ['redfish'],                          management: ['redfish', 'noop'],
      boot: ['redfish-virtual-media', 'ipxe', 'pxe', 'http-ipxe'],
      deploy: ['direct', 'custom-agent'],          network: ['noop', 'flat', 'bridge'],      storage: ['noop'],
      inspect: ['redfish', 'agent', 'no-inspect'], rescue: ['agent', 'no-rescue'],
      bios: ['no-bios', 'redfish'],                firmware: ['no-firmware', 'redfish'],     raid: ['no-raid', 'agent', 'redfish'],
      console: ['no-console'],                     vendor: ['no-vendor'],
    },
  },
  {
    name: 'ipmi',
    interfaces: {
      power: ['ipmitool'],                         management: ['ipmitool', 'noop'],         boot: ['ipxe', 'pxe', 'http-ipxe'],
      deploy: ['direct', 'custom-agent'],          network: ['noop', 'flat', 'bridge'],      storage: ['noop'],
      inspect: ['agent', 'no-inspect'],            rescue: ['agent', 'no-rescue'],
      bios: ['no-bios'],                           firmware: ['no-firmware'],                raid: ['no-raid', 'agent'],
      console: ['no-console'],                     vendor: ['no-vendor'],
    },
  },
  {
    name: 'fake-hardware',
    interfaces: {
      power: ['fake'],                             management: ['fake', 'noop'],             boot: ['fake'],
      deploy: ['fake', 'direct', 'custom-agent'],  network: ['noop', 'flat'],                storage: ['noop', 'fake'],
      inspect: ['no-inspect', 'agent', 'fake'],    rescue: ['no-rescue', 'agent', 'fake'],
      bios: ['no-bios', 'fake'],                   firmware: ['no-firmware', 'fake'],        raid: ['fake', 'no-raid', 'agent'],
      console: ['no-console', 'fake'],             vendor: ['no-vendor', 'fake'],
    },
  },
]
