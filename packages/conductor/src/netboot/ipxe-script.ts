import { Fault } from '@ferrite/shared/fault'
import { renderKernelArgs, type KernelArgs } from './kernel-args.ts'

/** A kernel with its ramdisk, and what the kernel is told. BOOTIF, the port that the machine booted from, is added. */
export type KernelBoot = { kernelUrl: string; ramdiskUrl: string; args: KernelArgs }

/** Volumes to boot from, the first one being the boot volume. */
export type IscsiBoot = { initiator: string; targets: readonly IscsiTarget[] }
export type IscsiTarget = { url: string; username?: string; password?: string }

export const ipxeEntries = ['deploy', 'boot_partition', 'boot_ramdisk', 'boot_iscsi', 'boot_whole_disk'] as const
export type IpxeEntry = (typeof ipxeEntries)[number]

export type NodeScript = {
  uuid: string
  /** Where the script begins. */
  entry: IpxeEntry
  deploy?: KernelBoot
  partition?: KernelBoot
  ramdisk?: KernelBoot
  iscsi?: IscsiBoot
  /** Fetched by a machine that gives up, so that we know. */
  reportUrl: string
}

const attempts = 10

/**
 * The iPXE script of one machine, from typed values. Kernel and ramdisk are tried ten times with a growing pause; then
 * the machine says what failed, waits 30 s and powers itself off. Fault invalid for what a script cannot carry.
 */
export function ipxeScript(script: NodeScript): string {
  const lines = [
    '#!ipxe',
    '',
    `# Machine ${word(script.uuid)}`,
    `set attempts:int32 ${attempts}`,
    'set attempt:int32 1',
    `goto ${script.entry}`,
    ...kernelEntry('deploy', 'deploy ramdisk', script.deploy, script.reportUrl),
    ...kernelEntry('boot_partition', 'kernel of the instance', script.partition, script.reportUrl),
    ...kernelEntry('boot_ramdisk', 'ramdisk of the instance', script.ramdisk, script.reportUrl),
    ...iscsiEntry(script.iscsi),
    ...localEntry,
  ]
  return `${lines.join('\n')}\n`
}

function kernelEntry(label: string, what: string, boot: KernelBoot | undefined, reportUrl: string): string[] {
  if (!boot) return absent(label, what)
  const args = kernelWords(boot.args)
  const image = `${label}_ramdisk`
  return [
    '',
    `:${label}`,
    'imgfree',
    `echo Loading the ${what}, attempt \${attempt} of \${attempts}`,
    `kernel ${word(boot.kernelUrl)} ${args} BOOTIF=01-\${netX/mac:hexhyp} initrd=${image} || goto ${label}_retry`,
    `initrd --name ${image} ${word(boot.ramdiskUrl)} || goto ${label}_retry`,
    `boot || goto ${label}_retry`,
    '',
    `:${label}_retry`,
    `iseq \${attempt} \${attempts} && goto ${label}_failed ||`,
    'echo No luck, trying again in ${attempt} s',
    'sleep ${attempt}',
    'inc attempt',
    `goto ${label}`,
    '',
    `:${label}_failed`,
    'imgfree',
    `imgfetch --name report ${word(reportUrl)} ||`,
    `echo The ${what} could not be loaded in \${attempts} attempts from`,
    `echo ${word(boot.kernelUrl)}`,
    'echo Powering off in 30 seconds',
    'sleep 30',
    'poweroff || reboot',
  ]
}

function iscsiEntry(boot: IscsiBoot | undefined): string[] {
  const [first, ...others] = boot?.targets ?? []
  if (!boot || !first) return absent('boot_iscsi', 'iSCSI volume')
  return [
    '',
    ':boot_iscsi',
    'imgfree',
    ...login(first),
    `set initiator-iqn ${word(boot.initiator)}`,
    `sanhook --drive 0x80 ${word(first.url)} || goto boot_iscsi_retry`,
    ...others.flatMap((target, index) => [
      ...login(target),
      `sanhook --drive 0x${(0x81 + index).toString(16)} ${word(target.url)} || goto boot_iscsi_retry`,
    ]),
    ...login(first),
    'sanboot --no-describe || goto boot_iscsi_retry',
    '',
    ':boot_iscsi_retry',
    'echo The iSCSI volume does not answer, trying again in 10 s',
    'sleep 10',
    'goto boot_iscsi',
  ]
}

const login = ({ username, password }: IscsiTarget): string[] => [
  username === undefined ? 'clear username' : `set username ${word(username)}`,
  password === undefined ? 'clear password' : `set password ${word(password)}`,
]

const absent = (label: string, what: string): string[] => [
  '',
  `:${label}`,
  `echo This machine has no ${what} to boot`,
  'goto boot_whole_disk',
]

/** EFI firmware goes on to its next entry after a failure, and to its menu after a success. */
const localEntry = [
  '',
  ':boot_whole_disk',
  'imgfree',
  'iseq ${platform} efi && exit 1 ||',
  'sanboot --no-describe --drive 0x80 || exit 0',
]

/** What machines get that we know but that are not to boot from the network now. */
export const localScript = (uuid: string): string =>
  `${['#!ipxe', '', `# Machine ${word(uuid)} boots from its disk`, ...localEntry.slice(3)].join('\n')}\n`

/** The one script for all: finds the machine's own by the MAC address of any of its ports. */
export const entryScript = (base: string): string => {
  const url = word(base)
  return `${[
    '#!ipxe',
    '',
    `chain --autofree ${url}/mac/\${netX/mac:hexhyp}?platform=\${platform}&arch=\${buildarch} ||`,
    'set i:int32 0',
    ':next',
    'isset ${net${i}/mac} || goto unknown',
    `chain --autofree ${url}/mac/\${net\${i}/mac:hexhyp}?platform=\${platform}&arch=\${buildarch} ||`,
    'inc i',
    'goto next',
    '',
    ':unknown',
    'echo This machine is not known here: no port with one of its MAC addresses is enrolled, or it has no network boot to do',
    'echo Going on with the next boot device in 10 seconds',
    'sleep 10',
    'iseq ${platform} efi && exit 1 || exit 0',
  ].join('\n')}\n`
}

/** iPXE knows no quotes: it parts words at blanks, so a value may hold single blanks but nothing that iPXE acts on. */
function kernelWords(args: KernelArgs): string {
  const text = renderKernelArgs(args)
  const bad = / {2}|\$|;|&&|\|\||(^| )#|`|\\/.exec(text)?.[0]
  if (bad === undefined && !text.startsWith(' ') && !text.endsWith(' ')) return text
  throw new Fault('invalid', `an iPXE script cannot carry ${JSON.stringify(bad ?? ' ')} in a kernel parameter`)
}

/** One word that iPXE takes as it is. */
function word(text: string): string {
  if (/^[A-Za-z0-9:/?&=.,_~%@+[\]-]{1,2048}$/.test(text) && !text.startsWith('-') && !text.includes('&&')) return text
  throw new Fault('invalid', `an iPXE script cannot carry ${JSON.stringify(text.slice(0, 100))} as one word`)
}
