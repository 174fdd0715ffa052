import { Command, Option } from 'commander'

const examples = `
Examples:
  ferrite agent                      in a deploy ramdisk: everything comes from the kernel command line
  ferrite agent --kernel-params "ipa-api-url=http://127.0.0.1:6385" --disk disk.img --mac 52:54:00:00:00:01

Exit status of a virtual machine (--disk, --mac): 0 it was turned off, 64 it was restarted, 1 it failed,
143 and 130 the agent was stopped by SIGTERM and SIGINT.`

type Options = {
  kernelParams?: string
  disk: string[]
  mac: string[]
  bootMode: 'bios' | 'uefi'
  ramdisk: boolean
  powerOffCommand?: string
  logLevel: string
}

const collect = (value: string, before: string[]): string[] => [...before, value]

/** `ferrite agent`: runs until its machine goes off, or SIGINT or SIGTERM. */
export const agentCommand = (): Command =>
  new Command('agent')
    .description('Run the agent: look up the node, serve its commands, send heartbeats.')
    .option(
      '--kernel-params <text>',
      'kernel parameters in place of /proc/cmdline (also FERRITE_KERNEL_PARAMS, which other users cannot read)',
    )
    .option('--disk <path>', 'be a virtual machine with this file or block device as a disk (repeatable)', collect, [])
    .option('--mac <address>', 'MAC address of the virtual machine (repeatable)', collect, [])
    .addOption(
      new Option('--boot-mode <mode>', 'how the virtual machine was booted').choices(['bios', 'uefi']).default('bios'),
    )
    .option('--power-off-command <program>', 'called with "off" or "reboot" when the virtual machine should go')
    .option('--ramdisk', 'this is a deploy ramdisk: its disks may be ERASED and the machine turned off', false)
    .addOption(
      new Option('--log-level <level>', 'least severe level that is logged')
        .choices(['trace', 'debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .addHelpText('after', examples)
    .action(async ({ kernelParams, disk, mac, bootMode, ramdisk, powerOffCommand, logLevel }: Options) => {
      const [{ runAgent }, { agentLog }] = await Promise.all([
        import('@ferrite/agent/run-agent'),
        import('@ferrite/agent/log'),
      ])
      process.exitCode = await runAgent(
        { kernelParams, disks: disk, macs: mac, bootMode, ramdisk, powerCommand: powerOffCommand },
        agentLog(logLevel),
      )
    })
