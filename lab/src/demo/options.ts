import path from 'node:path'
import { parseArgs } from 'node:util'
import { checksumFields } from '@ferrite/cli/commands/node/checksum'
import { CommandError } from '@ferrite/cli/exit'
import { one } from '../cli/options.ts'
import type { FirmwareKind } from '../vm/firmware-files.ts'
import type { BmcKind } from '../vm/vm-lab-machine.ts'

export type DemoOptions = {
  /** A file, or an http(s) URL; undefined: the demo makes one. */
  image: string | undefined
  /** Fields of instance_info. */
  checksum: Record<string, string> | undefined
  /** Undefined: virtual machines where this computer has what they need, and the demo says which. */
  machinesAs: 'vm' | 'process' | undefined
  firmware: FirmwareKind
  bmc: BmcKind
  net: 'switch' | 'netns'
  json: boolean
  keep: boolean
  color: boolean
  help: boolean
}

export const demoHelp = `Usage: pnpm demo [options]

Deploys an image onto a machine by the public API, shows it live, and compares the disk
with the image. The machine is a virtual one where QEMU is installed (root and KVM are not
needed) and comes by its own to the prompt of what was deployed; elsewhere it is a process
that has a disk and a BMC. Everything runs on loopback and is gone afterwards.

  --machines-as <process|vm>   what the machine is (default vm where that can be)
  --bmc <ipmi|redfish>         of a virtual machine: IPMI and network boot (default), or
                               Redfish and virtual media
  --firmware <bios|uefi>       of a virtual machine (default bios)
  --net <switch|netns>         networks in user space (default), or in a network namespace
  --image <url|file>           whole-disk image in place of the demo's own: raw, raw in gzip,
                               zstd, xz or bzip2, or qcow2 (compared by means of qemu-img)
  --checksum <sum>             its checksum, ALGORITHM:HEX (needed for a URL)
  --json                       events and summary as JSON, one document a line
  --keep                       keep the disk, the database and the logs
  --no-color                   no colours (also: NO_COLOR)
  -h, --help                   this text

Exit codes: 0 done, 1 failed, 2 usage, 130 interrupted.
`

/** Reads the command line. Throws CommandError usage. */
export function demoOptions(argv: readonly string[]): DemoOptions {
  const { values } = parsed(argv[0] === '--' ? argv.slice(1) : [...argv])
  const isUrl = values.image !== undefined && /^https?:\/\//.test(values.image)
  if (isUrl && !values.checksum) throw new CommandError('usage', '--image with a URL needs --checksum ALGORITHM:HEX')
  if (!values.image && values.checksum) throw new CommandError('usage', '--checksum goes with --image')
  // Only virtual machines have these.
  const isForVms = [values.firmware, values.bmc, values.net].some((given) => given !== undefined)
  return {
    image: values.image === undefined || isUrl ? values.image : path.resolve(callerDirectory(), values.image),
    checksum: values.checksum === undefined ? undefined : checksumFields(values.checksum),
    machinesAs: one('--machines-as', values['machines-as'], ['vm', 'process']) ?? (isForVms ? 'vm' : undefined),
    firmware: one('--firmware', values.firmware, ['bios', 'uefi']) ?? 'bios',
    bmc: one('--bmc', values.bmc, ['ipmi', 'redfish']) ?? 'ipmi',
    net: one('--net', values.net, ['switch', 'netns']) ?? 'switch',
    json: values.json ?? false,
    keep: values.keep ?? false,
    color: !values['no-color'],
    help: values.help ?? false,
  }
}

// A package script runs in the package's directory; what the operator typed is relative to where they stood.
const callerDirectory = (): string => process.env['INIT_CWD'] ?? process.cwd()

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        image: { type: 'string' },
        checksum: { type: 'string' },
        'machines-as': { type: 'string' },
        firmware: { type: 'string' },
        bmc: { type: 'string' },
        net: { type: 'string' },
        json: { type: 'boolean' },
        keep: { type: 'boolean' },
        'no-color': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new CommandError('usage', error instanceof Error ? error.message : String(error))
  }
}
