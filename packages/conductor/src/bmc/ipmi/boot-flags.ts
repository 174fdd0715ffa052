import type { BootDevice } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'

/** Device selectors of the boot flags (IPMI 2.0, table 28-14, data 2, bits 5:2). */
const selectors = {
  pxe: 1,
  disk: 2,
  safe: 3,
  cdrom: 5,
  bios: 6,
  floppy: 15,
} as const satisfies Partial<Record<BootDevice, number>>

export type IpmiBootDevice = keyof typeof selectors
export const ipmiBootDevices = Object.keys(selectors) as IpmiBootDevice[]
export const isIpmiBootDevice = (device: string): device is IpmiBootDevice => device in selectors

const valid = 0x80
const everyBoot = 0x40
const efi = 0x20

/** The words of Set System Boot Options for parameter 5, boot flags. */
export function bootFlagsRequest(device: IpmiBootDevice, how: { persistent: boolean; uefi: boolean }): string[] {
  const first = valid | (how.persistent ? everyBoot : 0) | (how.uefi ? efi : 0)
  return ['raw', '0x00', '0x08', '0x05', hex(first), hex(selectors[device] << 2), '0x00', '0x00', '0x00']
}

/** Keeps the BMC from forgetting the flags when no boot follows within 60 s (parameter 3). */
export const keepBootFlags = ['raw', '0x00', '0x08', '0x03', '0x08'] as const
/** Get System Boot Options, parameter 5. */
export const readBootFlags = ['raw', '0x00', '0x09', '0x05', '0x00', '0x00'] as const

export type BootFlags = {
  /** Null: no override, or one without a name here. */
  device: IpmiBootDevice | null
  /** The BMC says that the flags count. Many never set this bit, so its absence says nothing. */
  valid: boolean
  persistent: boolean
  uefi: boolean
}

/** Reads what `raw 0x00 0x09 0x05` printed. Fault bmc_lied when it is no such answer. */
export function parseBootFlags(output: string): BootFlags {
  const bytes = output
    .trim()
    .split(/\s+/)
    .map((word) => (/^[0-9a-f]{2}$/i.test(word) ? Number.parseInt(word, 16) : NaN))
  const [, selector = NaN, flags = NaN, data = NaN] = bytes
  if (bytes.some(Number.isNaN) || bytes.length < 4 || (selector & 0x7f) !== 5) {
    throw new Fault('bmc_lied', 'the BMC answers the question for its boot flags with something else')
  }
  const chosen = (data >> 2) & 0x0f
  return {
    device: ipmiBootDevices.find((device) => selectors[device] === chosen) ?? null,
    valid: (flags & valid) !== 0,
    persistent: (flags & everyBoot) !== 0,
    uefi: (flags & efi) !== 0,
  }
}

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`
