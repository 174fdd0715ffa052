import type { HardwareType } from '../core/interfaces.ts'

/** Which implementations each type of hardware accepts, the default first. */
// oxfmt-ignore
export const hardwareTypes: readonly HardwareType[] = [
  {
    name: 'redfish',
    interfaces: {
      power: ['redfish'],                 management: ['redfish', 'noop'],   boot: ['redfish-virtual-media'],
      deploy: ['direct'],                 network: ['noop', 'flat'],         storage: ['noop'],
      inspect: ['no-inspect'],            bios: ['no-bios'],                 console: ['no-console'],
      firmware: ['no-firmware'],          raid: ['no-raid'],                 rescue: ['no-rescue'],
      vendor: ['no-vendor'],
    },
  },
  {
    name: 'fake-hardware',
    interfaces: {
      power: ['fake'],                    management: ['fake', 'noop'],      boot: ['fake'],
      deploy: ['fake', 'direct'],         network: ['noop', 'flat'],         storage: ['noop', 'fake'],
      inspect: ['no-inspect', 'fake'],    bios: ['no-bios', 'fake'],         console: ['no-console', 'fake'],
      firmware: ['no-firmware', 'fake'],  raid: ['fake', 'no-raid'],         rescue: ['no-rescue', 'fake'],
      vendor: ['no-vendor', 'fake'],
    },
  },
]
