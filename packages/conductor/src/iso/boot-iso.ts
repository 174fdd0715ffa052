import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'
import { bootCatalogue } from './el-torito.ts'
import type { BootImage } from './el-torito.ts'
import { initrdFile } from './initrd-file.ts'
import { hybridBootSector, withBootInfo } from './isolinux.ts'
import { sectorBytes } from './layout.ts'
import { layIso } from './write.ts'
import type { LaidFile } from './write.ts'

export type BootIsoOptions = {
  /** Files: a kernel, its ramdisk, and the directory of boot loaders that a ramdisk's build leaves beside them. */
  kernel: string
  ramdisk: string
  loaders: string
  /** One line for the kernel; whoever has the machine can read it. */
  kernelArgs: string
  /** Text of `parameters.txt`, which the agent reads when it is told `boot_method=vmedia`; a token belongs here. */
  parameters?: string
  /** The agent finds its parameters by this label, and never deploys onto a medium that has it. */
  volumeId?: string
  out: string
}

const copyBytes = 4 * 1024 * 1024
const parametersArchive = 'boot/params'

/**
 * Writes an ISO that boots this kernel as a CD, as virtual media and from a USB stick, under BIOS, UEFI and Secure Boot.
 * Nothing but these files is needed, no tools and no root; equal inputs give equal bytes. The file appears when it is whole.
 */
export async function buildBootIso(options: BootIsoOptions): Promise<{ bytes: number }> {
  const { kernel, ramdisk, loaders, out, volumeId = 'ir-deploy' } = options
  const loader = (name: string) => path.join(loaders, name)
  const args = checkedLine(options.kernelArgs)
  const parameters = options.parameters === undefined ? undefined : Buffer.from(options.parameters)
  const ramdisks = ['/boot/ramdisk', ...(parameters ? [`/${parametersArchive}`] : [])]
  const small: Record<string, Buffer> = {
    '.disk/info': Buffer.from('Ferrite deploy ramdisk\n'),
    'boot/grub/grub.cfg': Buffer.from(grubConfig(args, ramdisks)),
    'isolinux/isolinux.bin': await readFile(loader('isolinux.bin')),
    'isolinux/ldlinux.c32': await readFile(loader('ldlinux.c32')),
    'isolinux/isolinux.cfg': Buffer.from(isolinuxConfig(args, ramdisks)),
    // The kernel may have no driver for the drive that the firmware boots from: the loader brings them as well.
    ...(parameters && { 'parameters.txt': parameters, [parametersArchive]: initrdFile('parameters.txt', parameters) }),
  }
  const large: Record<string, string> = {
    'boot/vmlinuz': kernel,
    'boot/ramdisk': ramdisk,
    'boot/esp.img': loader('esp.img'),
  }
  const lengths = await Promise.all(Object.entries(large).map(async ([name, file]) => [name, await lengthOf(file)]))
  const laid = layIso({
    volumeId,
    files: { ...small, ...(Object.fromEntries(lengths) as Record<string, { length: number }>) },
    bootCatalogue: (files) =>
      bootCatalogue({ bios: placeOf(files, 'isolinux/isolinux.bin'), efi: placeOf(files, 'boot/esp.img') }),
  })
  const bios = placeOf(laid.files, 'isolinux/isolinux.bin')
  small['isolinux/isolinux.bin'] = withBootInfo(small['isolinux/isolinux.bin'] ?? Buffer.alloc(0), bios.sector)
  const disk = { bios, efi: placeOf(laid.files, 'boot/esp.img'), sectors: laid.sectors }
  laid.head.set(hybridBootSector(await readFile(loader('isohdpfx.bin')), disk))
  // With a token in it, it is for its owner only; one for every machine is for whoever serves it.
  await writeWhole(out, parameters ? 0o600 : 0o644, async (file) => {
    await file.write(laid.head, 0, laid.head.length, 0)
    for (const { path: name, sector } of laid.files) {
      const content = small[name]
      if (content) await file.write(content, 0, content.length, sector * sectorBytes)
      else await copyInto(file, large[name] ?? '', sector * sectorBytes)
    }
    await file.truncate(laid.sectors * sectorBytes)
  })
  return { bytes: laid.sectors * sectorBytes }
}

/** What isolinux can hold on its line. */
const longestLine = 2000

function checkedLine(args: string): string {
  const line = args.trim()
  if (/[^\x20-\x7e]/.test(line) || line.length > longestLine) {
    throw new Fault('invalid', `kernel parameters on an ISO are one line of ASCII, ${longestLine} characters at most`)
  }
  return line
}

/** Each word is quoted: to GRUB they are words of a script. */
function grubConfig(args: string, ramdisks: readonly string[]): string {
  const words = args.match(/(?:"[^"]*"|[^\s"])+/g) ?? []
  const quoted = words.map((word) => ` '${word.replaceAll('"', '').replaceAll("'", String.raw`'\''`)}'`)
  return `set timeout=0\nlinux /boot/vmlinuz${quoted.join('')}\ninitrd ${ramdisks.join(' ')}\nboot\n`
}

const isolinuxConfig = (args: string, ramdisks: readonly string[]): string =>
  `DEFAULT ferrite\nPROMPT 0\nTIMEOUT 0\nLABEL ferrite\n KERNEL /boot/vmlinuz\n INITRD ${ramdisks.join(',')}\n APPEND ${args}\n`

function placeOf(files: readonly LaidFile[], name: string): BootImage {
  const found = files.find((file) => file.path === name)
  if (!found) throw new Fault('bug', `the ISO has no ${name}`)
  return found
}

async function lengthOf(file: string): Promise<{ length: number }> {
  try {
    return { length: (await stat(file)).size }
  } catch (cause) {
    throw new Fault('not_found', `there is no ${file} to put on an ISO`, { cause })
  }
}

async function copyInto(to: FileHandle, source: string, offset: number): Promise<void> {
  await using from = await open(source, 'r')
  const buffer = Buffer.allocUnsafe(copyBytes)
  for (let at = 0; ;) {
    const { bytesRead } = await from.read(buffer, 0, copyBytes, at)
    if (bytesRead === 0) return
    await to.write(buffer, 0, bytesRead, offset + at)
    at += bytesRead
  }
}

async function writeWhole(out: string, mode: number, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const part = `${out}.part`
  try {
    await using file = await open(part, 'w', mode)
    await write(file)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
  await rename(part, out)
}
