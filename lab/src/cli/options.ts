import path from 'node:path'
import { parseArgs } from 'node:util'
import { CommandError } from '@ferrite/cli/exit'
import { MiB } from '@ferrite/shared/units'
import type { FirmwareKind } from '../vm/firmware-files.ts'
import type { BmcKind } from '../vm/vm-lab-machine.ts'

export type LabCommand = 'up' | 'status' | 'console' | 'down' | 'image'

export type UpOptions = {
  machines: number
  as: 'vm' | 'process' | undefined
  firmware: FirmwareKind
  bmc: BmcKind
  net: 'switch' | 'netns'
  diskBytes: number
  memoryMib: number
  dir: string | undefined
  conductor: boolean
}

export type LabOptions = {
  command: LabCommand | undefined
  words: readonly string[]
  up: UpOptions
  foreground: boolean
  json: boolean
  follow: boolean
}

export const labHelp = `Usage: pnpm lab up [options]      start machines, their BMCs and networks, and a conductor
       pnpm lab status [--json]    what runs, and where
       pnpm lab console NAME       a machine's serial line (Ctrl-] leaves; --no-follow prints what it said)
       pnpm lab down               stop all of it and remove its files
       pnpm lab image small|debian build a bootable image and say where it is

Virtual machines where QEMU is installed, processes elsewhere. Nothing needs root.

  --machines <n>               how many (default 1)
  --machines-as vm|process     instead of what fits this computer
  --firmware bios|uefi         of virtual machines (default bios)
  --bmc redfish|ipmi           what their BMCs speak (default redfish)
  --net switch|netns           networks in user space, or bridges in a network namespace (default switch)
  --disk-mib <n>               size of each disk (default 8192)
  --memory-mib <n>             memory of a virtual machine (default 512)
  --dir <dir>                  keep disks, logs and the conductor's state here
  --no-conductor               machines only
  --foreground                 stay, and stop at Ctrl-C
`

/** Reads the command line. Throws CommandError usage. */
export function labOptions(argv: readonly string[]): LabOptions | 'help' {
  const { values, positionals } = parsed(argv[0] === '--' ? argv.slice(1) : [...argv])
  if (values.help) return 'help'
  const [name, ...words] = positionals
  const command = one('command', name, ['up', 'status', 'console', 'down', 'image'])
  const dir = values.dir === undefined ? undefined : path.resolve(process.env['INIT_CWD'] ?? process.cwd(), values.dir)
  return {
    command,
    words,
    json: values.json ?? false,
    follow: values.follow,
    foreground: values.foreground ?? false,
    up: {
      machines: count('--machines', values.machines, 1, 200),
      as: one('--machines-as', values['machines-as'], ['vm', 'process']),
      firmware: one('--firmware', values.firmware, ['bios', 'uefi']) ?? 'bios',
      bmc: one('--bmc', values.bmc, ['redfish', 'ipmi']) ?? 'redfish',
      net: one('--net', values.net, ['switch', 'netns']) ?? 'switch',
      diskBytes: count('--disk-mib', values['disk-mib'], 1, 16_777_216) * MiB,
      memoryMib: count('--memory-mib', values['memory-mib'], 128, 262_144),
      dir,
      conductor: values.conductor,
    },
  }
}

/** The option's value among those allowed. Throws CommandError usage. */
export function one<const T extends string>(
  what: string,
  given: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (given === undefined) return undefined
  const found = allowed.find((name) => name === given)
  if (found === undefined) throw new CommandError('usage', `${what} is ${allowed.join(' or ')}, not ${given}`)
  return found
}

function count(option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new CommandError('usage', `${option} is a number from ${least} to ${most}, not ${text}`)
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      allowNegative: true,
      options: {
        machines: { type: 'string', default: '1' },
        'machines-as': { type: 'string' },
        firmware: { type: 'string' },
        bmc: { type: 'string' },
        net: { type: 'string' },
        'disk-mib': { type: 'string', default: '8192' },
        'memory-mib': { type: 'string', default: '512' },
        dir: { type: 'string' },
        conductor: { type: 'boolean', default: true },
        foreground: { type: 'boolean' },
        follow: { type: 'boolean', default: true },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new CommandError('usage', error instanceof Error ? error.message : String(error))
  }
}
