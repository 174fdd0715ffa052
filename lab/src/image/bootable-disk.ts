import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { runOk } from '@ferrite/agent/hardware/run'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import { fatImage } from './fat.ts'
import { sector, types, writeGpt, type Partition } from './gpt.ts'
import { put } from './packages.ts'

const mib = MiB / sector
export const fsUuid = 'f3e221e0-0001-4000-8000-000000000001'
/** Label of the root file system, by which GRUB finds it. */
export const rootLabel = 'ferrite-root'

export type DiskParts = {
  /** Debian packages, unpacked: GRUB among them. */
  unpacked: string
  sizeBytes: number
  signal: AbortSignal
  /** Makes the root file system as a file of this many bytes, in a directory for passing files. */
  rootFile: (bytes: number, work: string) => Promise<string>
}

/** Writes a whole disk: GPT, GRUB for BIOS and UEFI, and a root file system with /boot/grub/grub.cfg in it. */
export async function writeBootableDisk(file: string, parts: DiskParts): Promise<void> {
  const work = await mkdtemp(`${file}.`)
  try {
    await assemble(file, { ...parts, work })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

type Parts = DiskParts & { work: string }

async function assemble(file: string, parts: Parts): Promise<void> {
  const sectors = Math.floor(parts.sizeBytes / MiB) * mib
  const partitions = layout(sectors)
  const [biosBoot, esp, root] = partitions
  if (!biosBoot || !esp || !root) throw new Fault('bug', 'the image has three partitions')
  const rootBytes = (root.last - root.first + 1) * sector
  const [loaders, rootFile] = await Promise.all([grubImages(parts), parts.rootFile(rootBytes, parts.work)])
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
  await put(early, `search --no-floppy --label --set=root ${rootLabel}\nset prefix=($root)/boot/grub\n`)
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
