import path from 'node:path'
import { Command } from 'commander'
import { buildBootIso } from '@ferrite/conductor/iso/boot-iso'
import { parseKernelArgs, renderKernelArgs } from '@ferrite/conductor/netboot/kernel-args'
import { formatBytes } from '@ferrite/shared/units'

type Flags = { from: string; out: string; kernelArgs: string; parameters?: string }

/** `ramdisk iso`: an ISO with its own arguments from the files of an earlier build. */
export const isoCommand = (): Command =>
  new Command('iso')
    .description('Make an ISO from a build: for one machine, or with other kernel arguments.')
    .requiredOption('--from <dir>', 'directory of a build')
    .requiredOption('--out <file>', 'the ISO')
    .option('--kernel-args <text>', 'kernel arguments; whoever has the machine can read them', '')
    .option('--parameters <text>', 'parameters for the agent alone, in parameters.txt (a token belongs here)')
    .action(async ({ from, out, kernelArgs, parameters }: Flags) => {
      const file = (name: string) => path.join(from, name)
      const { bytes } = await buildBootIso({
        kernel: file('vmlinuz'),
        ramdisk: file('ramdisk.zst'),
        loaders: file('loaders'),
        kernelArgs: `${parameters === undefined ? '' : 'boot_method=vmedia '}${kernelArgs}`,
        ...(parameters === undefined ? {} : { parameters: `${renderKernelArgs(parseKernelArgs(parameters), '\n')}\n` }),
        out,
      })
      console.log(`${formatBytes(bytes)}  ${out}`)
    })
