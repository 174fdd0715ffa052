import { mkdir, readdir, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { runOk } from '@ferrite/agent/hardware/run'
import { Fault } from '@ferrite/shared/fault'
import { programFile } from '../vm/needs.ts'
import { rootLabel, writeBootableDisk } from './bootable-disk.ts'
import { put, unpackedPackages } from './packages.ts'

const packages = [
  ...['linux-image-cloud-amd64', 'systemd-sysv', 'udev', 'dbus', 'systemd-resolved', 'initramfs-tools', 'zstd', 'kmod'],
  ...['cloud-init', 'cloud-guest-utils', 'e2fsprogs', 'fdisk', 'openssh-server', 'sudo', 'netbase', 'ca-certificates'],
  ...['iproute2', 'iputils-ping'],
]

const files: Readonly<Record<string, string>> = {
  'etc/fstab': `LABEL=${rootLabel} / ext4 defaults,discard 0 1\n`,
  'etc/hostname': 'debian\n',
  // Empty: each machine gets an identity of its own at its first start.
  'etc/machine-id': '',
  'etc/cloud/cloud.cfg.d/90_dpkg.cfg': 'datasource_list: [ConfigDrive, NoCloud, None]\n',
  // Only one kind of host key: the others take an emulated processor half a minute.
  'etc/cloud/cloud.cfg.d/91_lab.cfg':
    'system_info:\n  network:\n    renderers: [networkd]\nlocale: false\nssh_genkeytypes: [ed25519]\n',
}

/**
 * Makes a Debian disk image with cloud-init that reads a config drive, grows its root and lets SSH keys in, for BIOS and
 * UEFI. Needs root, apt and mmdebstrap. Fault unsupported or not_found says what is missing. Answers the kernel's release.
 */
export async function makeCloudImage(
  file: string,
  given: { packages: string; sizeBytes: number; signal: AbortSignal; onLine: (line: string) => void },
): Promise<string> {
  if (process.getuid?.() !== 0) throw new Fault('unsupported', 'mmdebstrap makes this image as root only')
  if (!programFile('mmdebstrap')) throw new Fault('not_found', 'mmdebstrap is missing: apt-get install mmdebstrap')
  const { sizeBytes, signal, onLine } = given
  const unpacked = await unpackedPackages(given.packages, signal)
  const tree = `${file}.tree`
  await rm(tree, { recursive: true, force: true })
  try {
    onLine('fetching and unpacking packages, which takes a minute or two …')
    await bootstrap(tree, signal)
    const release = await finish(tree, signal)
    onLine('writing the disk …')
    const rootFile = (bytes: number, work: string) => fileSystem(tree, path.join(work, 'root.ext4'), bytes, signal)
    await writeBootableDisk(file, { unpacked, sizeBytes, signal, rootFile })
    return release
  } finally {
    await rm(tree, { recursive: true, force: true })
  }
}

const timeoutMs = 1_200_000
const sources = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']

async function bootstrap(tree: string, signal: AbortSignal): Promise<void> {
  const without = ['man', 'doc', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`)
  const mirror = sources.find((source) => existsSync(source)) ?? '/etc/apt/sources.list'
  const args = [
    ...['--variant=minbase', '--mode=root', '--format=directory', `--include=${packages.join(',')}`],
    ...['--aptopt=Apt::Install-Recommends "false"', ...without, 'bookworm', tree, mirror],
  ]
  await runOk('mmdebstrap', args, { signal, timeoutMs, maxOutputBytes: 64 * 1024 * 1024 })
}

/** What makes a bare tree an image for clouds; answers the kernel's release. */
async function finish(tree: string, signal: AbortSignal): Promise<string> {
  for (const [name, text] of Object.entries(files)) await put(path.join(tree, name), text)
  const units = (verb: string, names: string[]) => runOk('chroot', [tree, 'systemctl', verb, ...names], { signal })
  await units('enable', ['systemd-networkd', 'systemd-resolved'])
  await units('mask', ['e2scrub_reap.service', 'apt-daily.timer', 'apt-daily-upgrade.timer'])
  await runOk('ln', ['-sf', '/run/systemd/resolve/stub-resolv.conf', path.join(tree, 'etc/resolv.conf')], { signal })
  const keys = (await readdir(path.join(tree, 'etc/ssh'))).filter((name) => name.startsWith('ssh_host_'))
  for (const key of keys) await rm(path.join(tree, 'etc/ssh', key))
  const kernel = (await readdir(path.join(tree, 'boot'))).find((name) => name.startsWith('vmlinuz-'))
  if (!kernel) throw new Fault('step_failed', 'mmdebstrap left no kernel in /boot')
  const release = kernel.slice('vmlinuz-'.length)
  await mkdir(path.join(tree, 'boot/grub'), { recursive: true })
  await put(path.join(tree, 'boot/grub/grub.cfg'), grubConfig(release))
  return release
}

const grubConfig = (release: string): string => `serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
linux /boot/vmlinuz-${release} root=LABEL=${rootLabel} ro console=tty0 console=ttyS0,115200 net.ifnames=0
initrd /boot/initrd.img-${release}
boot
`

async function fileSystem(tree: string, file: string, bytes: number, signal: AbortSignal): Promise<string> {
  const features = ['-O', '^metadata_csum_seed', '-L', rootLabel, '-E', 'lazy_itable_init=0']
  const args = ['-q', '-t', 'ext4', ...features, '-d', tree, file, `${bytes / 1024}k`]
  await runOk('mke2fs', args, { signal, timeoutMs })
  return file
}
