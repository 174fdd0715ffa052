import { existsSync } from 'node:fs'

export type FirmwareKind = 'bios' | 'uefi'
export type UefiFiles = { code: string; vars: string }

const places: readonly UefiFiles[] = [
  { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', vars: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
  { code: '/usr/share/OVMF/OVMF_CODE.fd', vars: '/usr/share/OVMF/OVMF_VARS.fd' },
  { code: '/usr/share/edk2/x64/OVMF_CODE.4m.fd', vars: '/usr/share/edk2/x64/OVMF_VARS.4m.fd' },
]

/** OVMF where distributions put it; BIOS comes with QEMU. */
export const uefiFiles = (): UefiFiles | undefined =>
  places.find(({ code, vars }) => existsSync(code) && existsSync(vars))
