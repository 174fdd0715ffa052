import type { HardwareType } from '../core/interfaces.ts'

/** Which implementations each type of hardware accepts, the default first. */
// oxfmt-ignore
export const hardwareTypes: readonly HardwareType[] = [
  {
    name: 'redfish',
    interfaces: {
      power: ['redfish'],                 management: ['redfish', 'noop'],   boot: ['redfish-virtual-media', 'ipxe', 'pxe', 'http-ipxe'],
      deploy: ['direct'],                 network: ['noop', 'flat', 'bridge'],         storage: ['noop'],
      inspect: ['redfish', 'agent', 'no-inspect'], bios: ['no-bios', 'redfish'],               console: ['no-console'],
      firmware: ['no-firmware', 'redfish'],          raid: ['no-raid', 'agent', 'redfish'],        rescue: ['agent', 'no-rescue'],
      vendor: ['no-vendor'],
    },
  },
  {
    name: 'ipmi',
    interfaces: {
      power: ['ipmitool'],                management: ['ipmitool', 'noop'],  boot: ['ipxe', 'pxe', 'http-ipxe'],
      deploy: ['direct'],                 network: ['noop', 'flat', 'bridge'],         storage: ['noop'],
      inspect: ['agent', 'no-inspect'],   bios: ['no-bios'],                 console: ['no-console'],
      firmware: ['no-firmware'],          raid: ['no-raid', 'agent'],        rescue: ['agent', 'no-rescue'],
      vendor: ['no-vendor'],
    },
  },
  {
    name: 'fake-hardware',
    interfaces: {
      power: ['fake'],                    management: ['fake', 'noop'],      boot: ['fake'],
      deploy: ['fake', 'direct'],         network: ['noop', 'flat'],         storage: ['noop', 'fake'],
      inspect: ['no-inspect', 'agent', 'fake'], bios: ['no-bios', 'fake'],         console: ['no-console', 'fake'],
      firmware: ['no-firmware', 'fake'],  raid: ['fake', 'no-raid', 'agent'], rescue: ['no-rescue', 'agent', 'fake'],
      vendor: ['no-vendor', 'fake'],
    },
  },
]
