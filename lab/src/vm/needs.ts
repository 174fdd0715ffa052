import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { uefiFiles } from './firmware-files.ts'
import { qemuProgram } from './qemu-args.ts'

export type Wanted = { firmware: readonly string[]; bmcs: readonly string[]; net: 'switch' | 'netns' }

const directories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** A program of the system, wherever it is; undefined where it is not installed. */
export function programFile(name: string): string | undefined {
  const fromPath = (process.env['PATH'] ?? '').split(':').filter(Boolean)
  return [...fromPath, ...directories].map((directory) => path.join(directory, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    // Not there, or not for us: the same to who wants to run it.
    return false
  }
}

/** What this computer lacks for such a lab, by what it is for; empty when all is there. */
export function missingFor({ firmware, bmcs, net }: Wanted): { what: string; package: string }[] {
  const program = (name: string, pack: string) => (programFile(name) ? [] : [{ what: name, package: pack }])
  const rom = ['/usr/lib/ipxe/qemu', '/usr/share/qemu', '/usr/share/ipxe/qemu', '/usr/share/ipxe']
  const hasRom = rom.some((directory) => existsSync(path.join(directory, 'efi-virtio.rom')))
  return [
    ...program(qemuProgram, 'qemu-system-x86'),
    ...(hasRom ? [] : [{ what: 'network boot code for QEMU (efi-virtio.rom)', package: 'ipxe-qemu' }]),
    ...(firmware.includes('uefi') && !uefiFiles() ? [{ what: 'UEFI firmware for QEMU', package: 'ovmf' }] : []),
    ...(bmcs.includes('ipmi') ? [...program('ipmi_sim', 'openipmi'), ...program('ipmitool', 'ipmitool')] : []),
    ...(bmcs.includes('ipmi') ? program('perl', 'perl-base') : []),
    ...(net === 'netns' ? [...program('ip', 'iproute2'), ...program('dnsmasq', 'dnsmasq-base')] : []),
    ...(net === 'netns' ? [...program('unshare', 'util-linux'), ...program('nsenter', 'util-linux')] : []),
  ]
}

/** One sentence with the command that helps, or undefined when nothing is missing. */
export function whatIsMissing(wanted: Wanted): string | undefined {
  if (process.arch !== 'x64') return `virtual machines are made for x86_64 only, this computer is ${process.arch}`
  const missing = missingFor(wanted)
  if (missing.length === 0) return undefined
  const packages = [...new Set(missing.map((one) => one.package))]
  return `virtual machines need ${missing.map(({ what }) => what).join(', ')}: apt-get install --no-install-recommends ${packages.join(' ')}`
}
