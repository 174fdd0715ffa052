import { Fault } from '@ferrite/shared/fault'
import { renderKernelArgs, type KernelArgs } from './kernel-args.ts'

/** A kernel and a ramdisk as TFTP serves them, by paths below its root, and what the kernel is told. */
export type TftpBoot = { kernel: string; ramdisk: string; args: KernelArgs }

/** PXELINUX's configuration of one machine; without a boot the machine goes on to its disk. IPAPPEND 2 adds BOOTIF. */
export function pxelinuxConfig(boot: TftpBoot | undefined): string {
  const lines = boot
    ? [
        'default deploy',
        'label deploy',
        `kernel /${tftpPath(boot.kernel)}`,
        `append initrd=/${tftpPath(boot.ramdisk)} ${appendWords(boot.args)}`,
        'ipappend 2',
      ]
    : ['default boot_whole_disk']
  return `${[...lines, '', 'label boot_whole_disk', 'localboot 0'].join('\n')}\n`
}

/** GRUB's configuration of one machine. `mac` is what BOOTIF says. */
export function grubConfig(boot: TftpBoot | undefined, mac: string): string {
  if (!boot) return 'set timeout=0\nmenuentry "Boot from the disk" {\n  exit\n}\n'
  const args = renderKernelArgs([...boot.args, ['BOOTIF', `01-${mac.replaceAll(':', '-')}`]])
  return `${[
    'set timeout=0',
    'menuentry "Deploy" {',
    `  linux /${tftpPath(boot.kernel)} ${grubWords(args)}`,
    `  initrd /${tftpPath(boot.ramdisk)}`,
    '}',
  ].join('\n')}\n`
}

/** What GRUB reads first: it goes on with the file of the port that the machine booted from. */
export const grubEntry = [
  'set timeout=0',
  // TFTP cannot say whether a file is there: GRUB comes back here when it is not.
  'configfile "/grub/${net_default_mac}.conf"',
  'echo "This machine is not known here, or has no network boot to do."',
  'sleep 10',
  'exit',
  '',
].join('\n')

/** PXELINUX reads `append` to the end of the line: there is nothing to quote, and nothing to act on. */
const appendWords = (args: KernelArgs): string => renderKernelArgs(args)

/** Each blank-separated word in single quotes, in which GRUB acts on nothing. */
function grubWords(text: string): string {
  if (text.includes("'"))
    throw new Fault('invalid', 'GRUB’s configuration cannot carry an apostrophe in a kernel parameter')
  return text
    .split(' ')
    .map((word) => (/^[A-Za-z0-9=:/.,_-]+$/.test(word) ? word : `'${word}'`))
    .join(' ')
}

function tftpPath(path: string): string {
  if (/^[a-z0-9_-]+(\/[a-z0-9_.-]+)*$/.test(path) && !path.includes('..')) return path
  throw new Fault('bug', `${JSON.stringify(path)} is no path of ours below the TFTP root`)
}
