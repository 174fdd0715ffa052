import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { isFault } from '@ferrite/shared/fault'
import { expect, test } from 'vitest'
import { chooseFormat, chooseInnerFormat } from './choose-format.ts'
import { detectFormat, detectionBytes } from './detect-format.ts'
import { imageFormats } from './image-formats.ts'
import type { ImageFormat } from './image-formats.ts'

const blank = (bytes = detectionBytes): Buffer => Buffer.alloc(bytes)
const withText = (text: string, at = 0): Buffer => {
  const head = blank()
  head.write(text, at, 'latin1')
  return head
}

function mbrDisk(): Buffer {
  const head = blank()
  head.writeUInt16BE(0x55aa, 510)
  head[446] = 0x80
  head[450] = 0x83
  return head
}

const skippable = (bytes: number): Buffer => {
  const frame = Buffer.alloc(8 + bytes)
  frame.writeUInt32LE(0x184d2a53)
  frame.writeUInt32LE(bytes, 4)
  return frame
}

const hybrid = mbrDisk()
hybrid.write('CD001', 0x8001)
const bootSector = Buffer.concat([withText('mkfs.fat').subarray(0, 510), Buffer.of(0x55, 0xaa), blank(1024)])
bootSector[446] = 0x33

const heads: [ImageFormat, string, Buffer, Buffer?][] = [
  ['raw', 'nothing', blank()],
  ['raw', 'an empty file', blank(0)],
  ['raw', 'the boot sector of a file system', bootSector],
  ['raw', 'a text that begins like bzip2', withText('BZhello')],
  ['raw', 'bytes that begin like gzip with reserved flags', Buffer.from([0x1f, 0x8b, 8, 0xff])],
  ['mbr', 'an MBR', mbrDisk()],
  ['gpt', 'a GPT of 512-byte sectors', withText('EFI PART', 512)],
  ['gpt', 'a GPT of 4096-byte sectors', withText('EFI PART', 4096)],
  ['iso', 'an ISO image', withText('CD001', 0x8001)],
  ['iso', 'a hybrid ISO image', hybrid],
  ['luks', 'LUKS', withText('LUKS\u00ba\u00be')],
  ['qcow2', 'qcow2', Buffer.from('514649fb00000003', 'hex')],
  ['qcow', 'qcow', Buffer.from('514649fb00000001', 'hex')],
  ['gzip', 'gzip', gzipSync('disk')],
  ['zstd', 'zstd', zstdCompressSync('disk')],
  ['zstd', 'zstd after skippable frames', Buffer.concat([skippable(100), skippable(0), zstdCompressSync('disk')])],
  ['zstd', 'a skippable frame that is longer than the head', skippable(10).fill(0xff, 4, 8)],
  ['lz4', 'lz4 after a skippable frame', Buffer.concat([skippable(9), Buffer.from('04224d18', 'hex')])],
  [
    'lzma',
    'lzma of unknown size',
    Buffer.concat([Buffer.from('5d00008000', 'hex'), Buffer.alloc(8, 0xff), blank(100)]),
  ],
  ['lzma', 'lzma that tells its size', Buffer.concat([Buffer.from('5d000080000000100000000000', 'hex'), blank(100)])],
  ['raw', 'bytes that begin like lzma', Buffer.concat([Buffer.from('5d0000', 'hex'), blank(100)])],
  ['lzop', 'lzop', Buffer.from('894c5a4f000d0a1a0a', 'hex')],
  ['compress', 'compress', Buffer.from('1f9d90', 'hex')],
  ['raw', 'bytes that begin like compress', Buffer.from('1f9d84', 'hex')],
  ['rar', 'RAR', withText('Rar!\x1a\x07')],
  ['simg', 'an Android sparse image', Buffer.from('3aff26ed01000000', 'hex')],
  ['xz', 'xz', Buffer.from('fd377a585a000004', 'hex')],
  ['bzip2', 'bzip2', Buffer.from('425a6839314159265359', 'hex')],
  ['bzip2', 'an empty bzip2', Buffer.from('425a683917724538509000000000', 'hex')],
  ['vmdk', 'a sparse VMDK', withText('KDMV')],
  ['vmdk', 'an ESX VMDK', withText('COWD')],
  ['vmdk', 'a VMDK descriptor', withText('# Disk DescriptorFile\nversion=1\n')],
  ['vdi', 'VDI', withText('\u007f\u0010\u00da\u00be', 0x40)],
  ['vhdx', 'VHDX', withText('vhdxfile')],
  ['vhd', 'a dynamic VHD', withText('conectix')],
  ['vhd', 'a fixed VHD', mbrDisk(), withText('conectix').subarray(0, 512)],
  ['tar', 'a tar archive', withText('ustar', 257)],
  ['dmg', 'an Apple disk image', blank(), withText('koly').subarray(0, 512)],
  [
    'qcow2',
    'a qcow2 that would be an ISO as well',
    Buffer.concat([Buffer.from('514649fb', 'hex'), hybrid.subarray(4)]),
  ],
]

test.each(heads)('%s is found from %s', (format, _what, first, last) => {
  expect(detectFormat(first, last)).toBe(format)
})

const qemuImg = '/usr/bin/qemu-img'
test.skipIf(!existsSync(qemuImg))('what qemu-img makes is recognised', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ferrite-format-'))
  const made = ['raw', 'qcow2', 'qcow', 'qed', 'vmdk', 'vdi', 'vpc', 'vhdx', 'parallels'].map((format) => {
    const file = path.join(folder, format)
    execFileSync(qemuImg, ['create', '-q', '-f', format, file, '1M'])
    const bytes = readFileSync(file)
    return detectFormat(bytes.subarray(0, detectionBytes), bytes.subarray(-512))
  })
  const fixed = path.join(folder, 'fixed')
  writeFileSync(fixed, mbrDisk())
  execFileSync(qemuImg, ['convert', '-f', 'raw', '-O', 'vpc', '-o', 'subformat=fixed', fixed, `${fixed}.vhd`])
  const last = readFileSync(`${fixed}.vhd`).subarray(-512)
  rmSync(folder, { recursive: true })
  expect(made).toEqual(['raw', 'qcow2', 'qcow', 'qed', 'vmdk', 'vdi', 'vhd', 'vhdx', 'parallels'])
  expect(detectFormat(mbrDisk(), last)).toBe('vhd')
})

const accepted: [string | null, ImageFormat, string][] = [
  [null, 'raw', 'raw'],
  [null, 'gpt', 'raw'],
  [null, 'iso', 'raw'],
  [null, 'qcow2', 'qcow2'],
  [null, 'zstd', 'zstd'],
  ['unknown', 'qcow2', 'qcow2'],
  ['raw', 'gpt', 'raw'],
  ['raw', 'luks', 'raw'],
  ['raw', 'iso', 'raw'],
  ['raw', 'gzip', 'gzip'],
  ['RAW', 'mbr', 'raw'],
  ['gpt', 'xz', 'xz'],
  ['gpt', 'mbr', 'raw'],
  ['iso', 'iso', 'raw'],
  ['qcow2', 'qcow2', 'qcow2'],
]
test.each(accepted)('declared %s and found %s: written as %s', (declared, detected, treatment) => {
  expect(chooseFormat(declared, detected)).toBe(treatment)
})

const refusedOnes: [string | null, ImageFormat, RegExp][] = [
  ['raw', 'qcow2', /declared raw but it is a qcow2 image.*attack/],
  ['iso', 'gpt', /declared iso but it is a raw disk image with a GPT/],
  ['gpt', 'raw', /declared gpt but it is a raw disk image/],
  ['qcow2', 'raw', /declared qcow2 but it is a raw disk image/],
  [null, 'luks', /declare the format raw/],
  ['vmdk', 'raw', /"vmdk" are not written/],
  ['vmdk', 'vmdk', /VMDK image.*qemu-img convert -f vmdk -O qcow2/],
  ['raw', 'vhd', /qemu-img convert -f vpc -O qcow2/],
  [null, 'vdi', /qemu-img convert -f vdi -O qcow2/],
  [null, 'vhdx', /qemu-img convert -f vhdx -O qcow2/],
  ['raw', 'tar', /tar archive.*unpack it/],
]
test.each(refusedOnes)('declared %s and found %s: refused', (declared, detected, message) => {
  expect(() => chooseFormat(declared, detected)).toThrow(message)
})

test('no pair of declared and found does anything but choose or refuse', () => {
  const names = Object.keys(imageFormats) as ImageFormat[]
  const others = ['', 'constructor', '__proto__', 'toString', null]
  const outcomes = [...others, ...names].flatMap((declared) => names.map((detected) => outcome(declared, detected)))
  expect(new Set(outcomes)).toEqual(new Set(['raw', 'qcow2', 'gzip', 'zstd', 'xz', 'bzip2', 'refused']))
})

function outcome(declared: string | null, detected: ImageFormat): unknown {
  try {
    return chooseFormat(declared, detected)
  } catch (error) {
    return isFault(error, 'image_format_refused') ? 'refused' : error
  }
}

test('what is inside of a compressed image is the disk itself and what was declared', () => {
  expect(chooseInnerFormat('raw', 'gzip', 'gpt')).toBe('raw')
  expect(chooseInnerFormat(null, 'xz', 'raw')).toBe('raw')
  expect(() => chooseInnerFormat('raw', 'gzip', 'zstd')).toThrow(/zstd inside of gzip; compress it once/)
  expect(() => chooseInnerFormat('qcow2', 'gzip', 'qcow2')).toThrow(/qcow2 image inside of gzip/)
  expect(() => chooseInnerFormat('iso', 'gzip', 'raw')).toThrow(/declared iso/)
  expect(() => chooseInnerFormat(null, 'gzip', 'vmdk')).toThrow(/qemu-img convert -f vmdk/)
})

test('a compression that is declared as the format gets the advice to declare what is inside', () => {
  expect(() => chooseFormat('gzip', 'gzip')).toThrow('declare what is inside, raw')
  expect(() => chooseFormat('vmdk', 'raw')).toThrow('convert it to qcow2')
})
