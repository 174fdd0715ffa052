import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildBootIso } from './boot-iso.ts'
import type { BootIsoOptions } from './boot-iso.ts'
import { readIso } from './read.ts'

let directory: string
const file = (name: string) => path.join(directory, name)
const loader = Buffer.alloc(38_912, 7)

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-boot-iso-'))
  await mkdir(file('loaders'))
  await writeFile(file('loaders/isolinux.bin'), loader)
  await writeFile(file('loaders/ldlinux.c32'), Buffer.alloc(1000, 2))
  await writeFile(file('loaders/isohdpfx.bin'), Buffer.alloc(432, 3))
  await writeFile(file('loaders/esp.img'), Buffer.alloc(5 * 1024 * 1024, 4))
  await writeFile(file('vmlinuz'), Buffer.alloc(3_000_001, 5))
  await writeFile(file('ramdisk.zst'), Buffer.alloc(9_000_000, 6))
})
afterEach(() => rm(directory, { recursive: true }))

const options = (more: Partial<BootIsoOptions> = {}): BootIsoOptions => ({
  kernel: file('vmlinuz'),
  ramdisk: file('ramdisk.zst'),
  loaders: file('loaders'),
  kernelArgs: `boot_method=vmedia console=ttyS0 name="it's two"`,
  parameters: 'ipa-api-url=http://10.0.0.1:6385\nipa-agent-token=secret\n',
  out: file('out.iso'),
  ...more,
})

test('an ISO holds kernel, ramdisk, both configurations and the parameters, under the label that agents look for', async () => {
  await buildBootIso(options())
  const { volumeId, files } = readIso(await readFile(file('out.iso')))
  const text = (name: string) => Buffer.from(files.get(name) ?? '').toString()
  expect(volumeId).toBe('ir-deploy')
  expect(Buffer.from(files.get('boot/vmlinuz') ?? '').equals(await readFile(file('vmlinuz')))).toBe(true)
  expect(Buffer.from(files.get('boot/ramdisk') ?? '').equals(await readFile(file('ramdisk.zst')))).toBe(true)
  expect(text('parameters.txt')).toBe('ipa-api-url=http://10.0.0.1:6385\nipa-agent-token=secret\n')
  expect(text('isolinux/isolinux.cfg')).toContain(` APPEND boot_method=vmedia console=ttyS0 name="it's two"\n`)
  expect(text('boot/grub/grub.cfg')).toContain(
    String.raw`linux /boot/vmlinuz 'boot_method=vmedia' 'console=ttyS0' 'name=it'\''s two'`,
  )
  expect(text('isolinux/isolinux.cfg') + text('boot/grub/grub.cfg')).not.toContain('secret')
})

test.skipIf(!existsSync('/usr/bin/cpio'))(
  'the boot loader hands over the parameters too, for a kernel that has no driver for the drive',
  async () => {
    await buildBootIso(options())
    const { files } = readIso(await readFile(file('out.iso')))
    const text = (name: string) => Buffer.from(files.get(name) ?? '').toString()
    expect(text('isolinux/isolinux.cfg')).toContain(' INITRD /boot/ramdisk,/boot/params\n')
    expect(text('boot/grub/grub.cfg')).toContain('\ninitrd /boot/ramdisk /boot/params\n')
    const archive = files.get('boot/params') ?? new Uint8Array()
    execFileSync('cpio', ['--extract', '--quiet'], { cwd: directory, input: archive })
    expect(await readFile(file('parameters.txt'))).toEqual(Buffer.from(options().parameters ?? ''))
    expect((await stat(file('parameters.txt'))).mode & 0o777).toBe(0o600)
  },
)

test('an ISO for every machine has no parameters, hands over the ramdisk alone, and is not secret', async () => {
  const { parameters: _none, ...without } = options()
  await buildBootIso(without)
  const { files } = readIso(await readFile(file('out.iso')))
  expect([...files.keys()].filter((name) => name.includes('param'))).toEqual([])
  expect(Buffer.from(files.get('boot/grub/grub.cfg') ?? '').toString()).toContain('\ninitrd /boot/ramdisk\n')
  expect((await stat(file('out.iso'))).mode & 0o077).not.toBe(0)
  await buildBootIso(options())
  expect((await stat(file('out.iso'))).mode & 0o077).toBe(0)
})

test('the loader finds itself: its table has its place, its length and the sum of its words', async () => {
  await buildBootIso(options())
  const iso = await readFile(file('out.iso'))
  const sector = iso.readUInt32LE(20 * 2048 + 32 + 8)
  const patched = iso.subarray(sector * 2048, sector * 2048 + loader.length)
  expect(iso.toString('latin1', 17 * 2048 + 7, 17 * 2048 + 30)).toBe('EL TORITO SPECIFICATION')
  expect([patched.readUInt32LE(8), patched.readUInt32LE(12), patched.readUInt32LE(16)]).toEqual([
    16,
    sector,
    loader.length,
  ])
  expect(patched.readUInt32LE(20)).toBe(Number((0x07070707n * BigInt((loader.length - 64) / 4)) & 0xffffffffn))
  expect(patched.subarray(64).equals(loader.subarray(64))).toBe(true)
  expect(iso.readUInt32LE(432)).toBe(sector * 4)
  expect(iso.readUInt16BE(510)).toBe(0x55aa)
})

test('equal inputs give equal bytes, and nothing but the ISO is left', async () => {
  await buildBootIso(options())
  await buildBootIso(options({ out: file('again.iso') }))
  expect((await readFile(file('out.iso'))).equals(await readFile(file('again.iso')))).toBe(true)
  expect((await readdir(directory)).filter((name) => name.endsWith('.part'))).toEqual([])
  // It may carry a token.
  expect((await stat(file('out.iso'))).mode & 0o077).toBe(0)
})

test.each([
  ['a line break, which would begin a command of a boot loader', 'quiet\nlinux /other'],
  ['characters that are not ASCII', 'name=Grüße'],
  ['more than a loader can hold', 'x'.repeat(2001)],
])('kernel arguments with %s are refused', async (_name, kernelArgs) => {
  await expect(buildBootIso(options({ kernelArgs }))).rejects.toThrow('kernel parameters on an ISO are one line')
  expect(existsSync(file('out.iso'))).toBe(false)
})

test('a file that is missing is named', async () => {
  await expect(buildBootIso(options({ kernel: file('gone') }))).rejects.toThrow(`there is no ${file('gone')}`)
})

test.skipIf(!existsSync('/usr/bin/xorriso'))(
  'another reader of ISO images sees two boot images, for BIOS and for UEFI',
  async () => {
    await buildBootIso(options())
    const told = execFileSync('xorriso', ['-indev', file('out.iso'), '-report_el_torito', 'plain'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect(told).toMatch(/El Torito boot img :\s+1\s+BIOS\s+y\s+none/)
    expect(told).toMatch(/El Torito boot img :\s+2\s+UEFI\s+y\s+none/)
    expect(told).toContain('boot-info-table')
    expect(told).toContain('/boot/esp.img')
  },
)
