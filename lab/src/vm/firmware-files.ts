import { existsSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { Fault } from '@ferrite/shared/fault'

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

/** The firmware's code, and a machine's own variables in `vars`, made when they are missing. Fault not_found. */
export async function flashAt(vars: string): Promise<UefiFiles> {
  const files = uefiFiles()
  if (!files) throw new Fault('not_found', 'there is no UEFI firmware for QEMU: apt-get install ovmf')
  if (!existsSync(vars)) await copyFile(files.vars, vars)
  return { code: files.code, vars }
}
