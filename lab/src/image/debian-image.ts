import { chmod, lutimes, mkdir, mkdtemp, open, readdir, readFile, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { runOk } from '@ferrite/agent/hardware/run'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import { cpio } from './cpio.ts'
import { fatImage } from './fat.ts'
import { sector, types, writeGpt, type Partition } from './gpt.ts'
import { kernelIn, type Kernel } from './kernel.ts'
import { exists, put, unpackedPackages } from './packages.ts'
import { initramfsEntries, rootDirectories, rootFiles } from './userland.ts'

const mib = MiB / sector
const fsUuid = 'f3e221e0-0001-4000-8000-000000000001'

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
  const work = await mkdtemp(`${file}.`)
  try {
    await assemble(file, { unpacked, kernel, work, ...given })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return kernel.release
}

type Parts = { unpacked: string; kernel: Kernel; work: string; sizeBytes: number; signal: AbortSignal }

async function assemble(file: string, parts: Parts): Promise<void> {
  const sectors = Math.floor(parts.sizeBytes / MiB) * mib
  const partitions = layout(sectors)
  const [biosBoot, esp, root] = partitions
  if (!biosBoot || !esp || !root) throw new Fault('bug', 'the image has three partitions')
  const [loaders, rootFile] = await Promise.all([grubImages(parts), rootFileSystem(parts, root)])
  const { boot, core } = patchedForBios(loaders, biosBoot.first)
  const espBytes = fatImage(esp.last - esp.first + 1, 'ESP', { 'EFI/BOOT/BOOTX64.EFI': loaders.efi })
  const { front, back } = writeGpt({ diskId: `${fsUuid.slice(0, 24)}00000000d15c`, partitions }, sectors, boot)
  await using disk = await open(file, 'w')
  await disk.truncate(sectors * sector)
  await disk.write(front, 0, front.length, 0)
  await disk.write(core, 0, core.length, biosBoot.first * sector)
  await disk.write(espBytes, 0, espBytes.length, esp.first * sector)
  await copyInto(disk, rootFile, root.first * sector)
  await disk.write(back, 0, back.length, sectors * sector - back.length)
  await disk.sync()
}

const layout = (sectors: number): Partition[] => [
  partition(2, types.biosBoot, { first: mib, last: 2 * mib - 1, name: 'bios' }),
  partition(3, types.esp, { first: 2 * mib, last: 10 * mib - 1, name: 'esp' }),
  partition(4, types.linux, { first: 10 * mib, last: sectors - mib - 1, name: 'root' }),
]

const partition = (index: number, type: string, place: Pick<Partition, 'first' | 'last' | 'name'>): Partition => ({
  type,
  id: `f3e221e0-000${index}-4000-8000-64656269616e`,
  attributes: 0n,
  ...place,
})

type Loaders = { boot: Buffer; core: Buffer; efi: Buffer }

/** GRUB for both firmwares, made by Debian's own grub-mkimage, to read its configuration from the root by label. */
async function grubImages({ unpacked, work, signal }: Parts): Promise<Loaders> {
  const early = path.join(work, 'early.cfg')
  await put(early, 'search --no-floppy --label --set=root ferrite-root\nset prefix=($root)/boot/grub\n')
  const libraries = ['lib', 'usr/lib'].map((lib) => path.join(unpacked, lib, 'x86_64-linux-gnu')).join(':')
  const common = 'part_gpt ext2 search search_label linux normal serial terminal echo configfile'.split(' ')
  const make = async (format: string, modules: string[]) => {
    const out = path.join(work, format)
    const directory = path.join(unpacked, 'usr/lib/grub', format)
    const tool = path.join(unpacked, 'usr/bin/grub-mkimage')
    const args = ['-O', format, '-d', directory, '-c', early, '-p', '/boot/grub', '-o', out, ...common, ...modules]
    await runOk('env', [`LD_LIBRARY_PATH=${libraries}`, tool, ...args], { signal })
    return await readFile(out)
  }
  return {
    boot: await readFile(path.join(unpacked, 'usr/lib/grub/i386-pc/boot.img')),
    core: await make('i386-pc', ['biosdisk']),
    efi: await make('x86_64-efi', ['fat', 'efi_gop']),
  }
}

// What grub-install would patch: where boot.img finds core.img, and core.img its own second sector.
function patchedForBios({ boot, core }: Loaders, first: number): { boot: Buffer; core: Buffer } {
  const patchedBoot = Buffer.from(boot.subarray(0, 440))
  patchedBoot.writeBigUInt64LE(BigInt(first), 0x5c)
  patchedBoot.set([0x90, 0x90], 0x66)
  const patchedCore = Buffer.from(core)
  patchedCore.writeBigUInt64LE(BigInt(first + 1), 0x1f4)
  return { boot: patchedBoot, core: patchedCore }
}

async function rootFileSystem({ unpacked, kernel, work, signal }: Parts, root: Partition): Promise<string> {
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
  await made.truncate((root.last - root.first + 1) * sector)
  await fillExt4(file, tree, signal)
  return file
}

const epoch = 1767225600 // 2026-01-01

/** Makes the ext4 file system in `file` from `tree`, with nothing of the moment in it: no time, no chance. */
async function fillExt4(file: string, tree: string, signal: AbortSignal): Promise<void> {
  const names = (await readdir(tree, { recursive: true })).toSorted().toReversed()
  for (const name of [...names, '.']) await lutimes(path.join(tree, name), epoch, epoch)
  const features = ['-O', '^has_journal,^metadata_csum_seed', '-I', '128', '-m', '0', '-L', 'ferrite-root']
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

async function copyInto(disk: Awaited<ReturnType<typeof open>>, file: string, offset: number): Promise<void> {
  await using source = await open(file, 'r')
  const buffer = Buffer.alloc(4 * MiB)
  for (let at = 0; ;) {
    const { bytesRead } = await source.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return
    // Holes stay holes.
    if (buffer.subarray(0, bytesRead).some((byte) => byte !== 0)) await disk.write(buffer, 0, bytesRead, offset + at)
    at += bytesRead
  }
}
