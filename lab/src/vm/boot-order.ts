import type { BootOverride, BootTarget } from '../machine.ts'

/** Devices of a virtual machine that firmware can start from, by their ids in QEMU. */
export const bootDevices = ['disk0', 'nic0', 'cd0', 'usb0'] as const
export type BootDevice = (typeof bootDevices)[number]

const usual: readonly BootDevice[] = ['disk0', 'nic0']
const first: Partial<Record<BootTarget, BootDevice>> = { Pxe: 'nic0', UefiHttp: 'nic0', Cd: 'cd0', Usb: 'usb0' }

/** Where the firmware looks, in this order; the chosen device alone before what it looks at otherwise. */
export function bootOrder({ enabled, target }: BootOverride): readonly BootDevice[] {
  const chosen = enabled === 'Disabled' ? undefined : first[target]
  return chosen ? [chosen, ...usual.filter((device) => device !== chosen)] : usual
}

/** The override once a boot has begun: one that was for a single boot is used up. */
export const afterBoot = (override: BootOverride): BootOverride =>
  override.enabled === 'Once' ? { ...override, enabled: 'Disabled', target: 'None' } : override

/** QEMU's bootindex: lowest first. Undefined: the firmware does not look at the device. */
export const bootIndex = (order: readonly BootDevice[], device: BootDevice): number | undefined =>
  order.includes(device) ? order.indexOf(device) + 1 : undefined
