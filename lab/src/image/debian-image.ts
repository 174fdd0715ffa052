import { chmod, lutimes, mkdir, open, readdir, readFile, symlink } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { runOk } from '@ferrite/agent/hardware/run'
import { Fault } from '@ferrite/shared/fault'
import { fsUuid, rootLabel, writeBootableDisk } from './bootable-disk.ts'
import { cpio } from './cpio.ts'
import { kernelIn, type Kernel } from './kernel.ts'
import { exists, put, unpackedPackages } from './packages.ts'
import { initramfsEntries, rootDirectories, rootFiles } from './userland.ts'

/**
 * Makes a disk image that boots (BIOS and UEFI) to a login on ttyS0, of Debian's kernel, GRUB and busybox. Needs apt,
 * dpkg-deb and mke2fs, but not root. The same packages give the same bytes.
 */
export async function makeDebianImage(
  file: string,
  given: { packages: string; sizeBytes: number; signal: AbortSignal },
): Promise<string> {
  if (process.arch !== 'x64') throw new Fault('unsupported', `no Debian image is made for ${process.arch}`)
  const unpacked = await unpackedPackages(given.packages, given.signal)
  const kernel = await kernelIn(unpacked, given.signal)
  const { sizeBytes, signal } = given
  await writeBootableDisk(file, {
    ...{ unpacked, sizeBytes, signal },
    rootFile: (bytes, work) => rootFileSystem({ unpacked, kernel, work, signal }, bytes),
  })
  return kernel.release
}

type Parts = { unpacked: string; kernel: Kernel; work: string; signal: AbortSignal }

async function rootFileSystem({ unpacked, kernel, work, signal }: Parts, bytes: number): Promise<string> {
  const tree = path.join(work, 'root')
  const busybox = await readFile(await busyboxIn(unpacked))
  for (const directory of rootDirectories) await mkdir(path.join(tree, directory), { recursive: true })
  for (const { path: name, mode, text } of rootFiles) await put(path.join(tree, name), text, mode)
  await put(path.join(tree, 'boot/vmlinuz'), kernel.image)
  const initramfs = gzipSync(cpio(initramfsEntries(busybox, kernel.modules)), { level: 6 })
  await put(path.join(tree, 'boot/initrd.img'), initramfs)
  await put(path.join(tree, 'bin/busybox'), busybox, 0o755)
  for (const applet of await applets(path.join(tree, 'bin/busybox'), signal)) {
    await symlink('busybox', path.join(tree, 'bin', applet))
  }
  for (const name of ['init', 'getty']) await symlink('../bin/busybox', path.join(tree, 'sbin', name))
  const file = path.join(work, 'root.ext4')
  await using made = await open(file, 'w')
  await made.truncate(bytes)
  await fillExt4(file, tree, signal)
  return file
}

const epoch = 1767225600 // 2026-01-01

/** Makes the ext4 file system in `file` from `tree`, with nothing of the moment in it: no time, no chance. */
async function fillExt4(file: string, tree: string, signal: AbortSignal): Promise<void> {
  const names = (await readdir(tree, { recursive: true })).toSorted().toReversed()
  for (const name of [...names, '.']) await lutimes(path.join(tree, name), epoch, epoch)
  const features = ['-O', '^has_journal,^metadata_csum_seed', '-I', '128', '-m', '0', '-L', rootLabel]
  const fixed = ['-U', fsUuid, '-E', `hash_seed=${fsUuid},root_owner=0:0,lazy_itable_init=0`]
  const options = { signal, timeoutMs: 60_000 }
  const clock = `E2FSPROGS_FAKE_TIME=${epoch}`
  await runOk('env', [clock, 'mke2fs', '-q', '-t', 'ext4', ...features, ...fixed, '-d', tree, file], options)
  // mke2fs copies the time of each inode's last change, which no program can set on the files.
  const inodes = [2, ...Array.from({ length: names.length + 1 }, (_, index) => 11 + index)]
  const input = inodes.map((inode) => `set_inode_field <${inode}> ctime @${epoch}\n`).join('')
  await runOk('env', [clock, 'debugfs', '-w', '-f', '-', file], { ...options, input })
}

async function busyboxIn(unpacked: string): Promise<string> {
  for (const place of ['bin/busybox', 'usr/bin/busybox']) {
    const file = path.join(unpacked, place)
    if (await exists(file)) return file
  }
  throw new Fault('unsupported', 'the package busybox-static holds no busybox')
}

async function applets(busybox: string, signal: AbortSignal): Promise<string[]> {
  await chmod(busybox, 0o755)
  const { stdout } = await runOk(busybox, ['--list'], { signal })
  return stdout
    .split('\n')
    .filter((name) => name && name !== 'busybox')
    .sort()
}
