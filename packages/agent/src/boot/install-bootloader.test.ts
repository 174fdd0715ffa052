import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inflateSync } from 'node:zlib'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { openFat } from '../disk/fat.ts'
import type { BootEntries, Hardware } from '../hardware/hardware.ts'
import { virtualHardware } from '../hardware/virtual.ts'
import { installBootloader } from './install-bootloader.ts'
import { findLoaders, parseBootCsv } from './loaders.ts'

// Made with mkfs.vfat and mtools, deflated twice. 12 and 32 hold EFI/BOOT/BOOTX64.EFI and EFI/debian with shim, grub, a CSV
// file and a file with a long name; 16 holds EFI/BOOT/BOOTX64.EFI alone.
const images = {
  12: 'eNqruPX2rn+2SLoM+4f5s7ds7DIL0Ph2pf1byATGtRWXDh87NqvZ82Ivx9FDLT5nJp31uyF5oVVJzvab6peYqjdrA26JTyi/GK1nW2VUu2n11Y6/zEGZXz/PTJ2X/sz6vNy8w//aUuff3Mt9Pyc/1+So20239G8eJZ/M/heoPSv+feTvjyeXr3bv11m/5Om7q0enxL77dm7O2bcn+et/fXr93v7XTtu6x+2T7c8dffcnvHr/3L+l3//e5f8m99Xst++p9Yl3lxmtvVoavY531ZZ7+du6puyTCEkNXvpvw0q39k+9jns3G/s9Lfh7ZOPcwKsmO639oq9abC3NcrfcGfutfaVGV8mjiA9GYfurd/y/Yn3f7d5s0QbzxvP1DeaXHz1d+uVGzZHjp8vz7u40zbVWY2dABXETlZbuj/kfL1I/zf+4/po1X+LmnPf5dF5MfNqu05f/vFhYc+0J84H6df/O//H9+/5P4P/8efbT+eYpl1jUaz/z0Wf4c/7V/zf2q/5fX68TWxv031/21P15V/6fX79Wb4/F/NlPpt/aM9uu7tvdHT/OHM74vny5tabZIvnmFUrPNdsCj5XZaXzaYPbu2ESjoJ5PJ78p3D9zUmO+hMvcz4l3+t5tzXt/6tFe472z9z5/5993rPn7vHv7Y3bVPd75p0KOn2H9csfYdeHK/xczMbyyZ1jwj5lh/WRDkHc+rP/sq/Jh1Vv7rCTjXxtlyx/XzOlWWnWyaffljfOqs3eGHzOQn9t378kutUuPa6XZV78N2rfsXPTs6tB9m3oDex4nXIyzjez8/mb3j6mMDKNgFIyCUTAKRsEoGMJgz5z7jJwBKocBLlVH4A==',
  16: 'eNrt21tIkwEUB/CvNli0WsHc0lwW2mUQbY+GbZjYlGjVgm4rcxjzQdS2h4lOFhvaxbxCrBbFGEupNaKHpDTnZwhpU5HVRs2pzEwcllrL0XTtsy/0sXouGP/f4+E8nbdz+J+q0bnx7FJukYAVztiYlL7PytxjHJFZGLKsGwq7jMW9Lqw52Xmz4dqrAvc2s6lWbBf3KgVsTs0M2+3SDn0cOSx9xFv/M6Xt/lJMwvIwVJdiopef9Hx/1LYhXjzqcba9LdvdVC3N7r5zyCtvlh4RkV365Qsu7vzw2PkTY8G5wqBj8V1Ekya5rJ8srwgFez/PTqt7otpvk4PxWCD2ou/1l6mclO+ZIqf7YofQWVZpztcoOL66A62SvZHkxiFDdfrXlvoBNT/Q2eG9K488fdzSnhxqd9Q7HlQsCFMbM476zpbsoppdYh0RNmZROvkW4k/ac9006y/1h5rS+GnDs9s7Z+dJK2ltJe2C3zqWcr11tiB93Ld9Op+emNF1TXgsZjZBj1OqH32UxnCPXsx80m+pvHIsNKxWkkT4zFaeUmx7nrSGAAAAAAAAAIB/yRaoZazu4ztof57iFAAAAAAAAAAkuqJNHObKLcBEqVJzMA4AAAAAAACAhHdVun/zakJgwVjOxDgAAAAAAAAAEt6t6AfTSjDg4Bvav7yOh68JAAAAAAAAgP/n/dpcftXUL5OLstI=',
  32: 'eNrt3V1M01cABfAOiSSDDQkxgZhZoxEHnYQRNzCEL7EipgyhiIAdIGYdGCjTZrSFSY1ECeIXAm7gUqIVMGNggi2sGvgvNuCcYwQrrYCUUimlYAejFm1pew28+Lan+QLn93Rf78l9Og/nCkdejiYmcQ75ecx72N32iPITWF+LbjJ8QyvlpvaqGymPb+ZMy46ya6q8vnkQEsfl7Um4cML0JEnnERLAe17v56T94Cko4HTMCLmffvhRZtheT2p8vpE/FWXsCB+I4U1xFw/3DI9w5tLUVaHnKlK84os3VOfuWt9coZ+an5BFe/UOhf/T+iZn0XKfCg5u6p1R2mrH7qij7tU9fCQQa236pddlgQ8bHeE21f6XieJOstQ2vqjVln5LmIXSwURby1Awuzpt1NyRXqhWZUrvZySYVNzuaTVbOtQm+Oqp5rrZbB5LlakD+jojrLywJIGKeyqszpxafNKQMZjXdKDpakDfGY3IMbZwMlnubTzSwt7Z8wn9fD3bXiSg6fTDAuecvZEvdpK4Hhe92OlNe6foVnlW0S8/8ndJrrnC8vv47QbWJGuKZWAZOQOKar5MfcmNBit+H46YtjaX7I5/ke//eBZR/WdU1ynqSlbDJaH4hNH0t0r579V+BS0o0HmMMOqoVrokukuWGtFdJjpIhGW8G/eE6fTIZCrXQjROytHgyrbfJQwBr8VFqmusrZ/nlo7rXNm2w07xq5yJiWRSJLl92ctOHi28UKhmpeX27tBo6/pmPW/uJ6VSGaiW+vTfjm9vyWP6HLExtzem9Vn8grYyd9A/W7Je5Jgm1/XnGUsYEub3iszSEGKokNeNMOYGuvSz9ZSWer05UtQUVTMQTRrMuW1af0vFd7EmyjVLeuWeyxf7WUFmLJS2ilewd1unXvS8cjS50q47N1rwq2H4uGTj4J93uNIv0zUXXy0oLrjGOms1Mov0r7slWRn7dhRLxar2yN98BY6uN7X+eCMAAAAAAAD/B1eO98fuy4fTjuxNsYcAAAAAAAAAYLU7Gxm+YaUVWBAXuiMOAAAAAAAAgFVv46IuZqUL+IPIfVKRBwAAAAAAAMCq96x83QfLXcAWotl3EHEAAAAAAAAArHpHMRgAAAAAAAAAsKZgMAAAAAAAAABgbcFgAAAAAAAAAMAaM1Ie57bcBcSS7KUH7vhmEQAA4D26TPsi40rEW3J40qY=',
}
const fatImage = (bits: 12 | 16 | 32): Buffer => inflateSync(inflateSync(Buffer.from(images[bits], 'base64')))
const fat = (bits: 12 | 16 | 32) => {
  const bytes = fatImage(bits)
  return openFat(async (offset, length) => bytes.subarray(offset, offset + length))
}

test.each([12, 32] as const)('FAT%i: directories, short and long names and contents are read', async (bits) => {
  const volume = await fat(bits)
  expect((await volume.list('/'))?.map(({ name }) => name)).toEqual(['EFI'])
  const files = (await volume.list('/efi/Debian')) ?? []
  expect(files.map(({ name }) => name)).toEqual([
    'shimx64.efi',
    'grubx64.efi',
    'a rather long file name.txt',
    'BOOTX64.CSV',
  ])
  const long = files.find(({ name }) => name.startsWith('a rather'))
  expect(long && Buffer.from(await volume.read(long)).toString()).toBe('y'.repeat(5000))
  expect(await volume.list('/EFI/nope')).toBeUndefined()
})

test('what is not FAT is refused', async () => {
  await expect(openFat(async () => Buffer.alloc(512))).rejects.toThrow(/not FAT/)
})

test('a chain of clusters that bites its tail ends in an error, not in a loop', async () => {
  const bytes = fatImage(16)
  const fatAt = bytes.readUInt16LE(14) * bytes.readUInt16LE(11)
  for (let cluster = 2; cluster < 5; cluster += 1) bytes.writeUInt16LE(cluster, fatAt + cluster * 2)
  const volume = await openFat(async (offset, length) => bytes.subarray(offset, offset + length))
  await expect(volume.list('/EFI/BOOT')).rejects.toThrow(/too long/)
})

test('the CSV file decides what is started; without one it is the well-known loader', async () => {
  expect(await findLoaders(await fat(12))).toEqual([{ label: 'debian', path: String.raw`\EFI\debian\shimx64.efi` }])
  expect(await findLoaders(await fat(16))).toEqual([{ label: 'ironic1', path: String.raw`\EFI\BOOT\BOOTX64.EFI` }])
})

test.each(['../../evil.efi,x', 'a/b.efi,x', 'noext,x', 'x.efi,', ''])('the CSV line %j is not taken', (line) => {
  expect(parseBootCsv(Buffer.from(line, 'utf16le'), '/EFI/x')).toEqual([])
})

const log = pino({ level: 'silent' })

const nothing = async () => {}

/** The file system with an empty root directory. */
function emptied(volume: Buffer): Buffer {
  const rootAt = (volume.readUInt16LE(14) + volume.readUInt8(16) * volume.readUInt16LE(22)) * 512
  return volume.fill(0, rootAt, rootAt + volume.readUInt16LE(17) * 32)
}

/** A disk with one partition, an EFI system partition unless told, and a record of the boot entries that are written. */
async function machine(options: { mode?: 'bios' | 'uefi'; type?: number; entries?: boolean; loaders?: boolean } = {}) {
  const dir = await mkdtemp(path.join(tmpdir(), 'boot-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const disk = path.join(dir, 'disk.img')
  const bytes = Buffer.alloc(4 * 1024 * 1024)
  bytes.writeUInt8(options.type ?? 0xef, 450)
  bytes.writeUInt32LE(2048, 454)
  bytes.writeUInt32LE(4096, 458)
  bytes.writeUInt16LE(0xaa55, 510)
  const volume = options.loaders === false ? emptied(fatImage(12)) : fatImage(12)
  volume.copy(bytes, 1024 * 1024)
  await writeFile(disk, bytes)
  const put: object[] = []
  const entries: BootEntries = { put: async (entry) => void put.push(entry) }
  const bootMode = options.mode ?? 'uefi'
  const hardware: Hardware = {
    ...virtualHardware({ disks: [disk], macs: [], bootMode, onPowerOff: nothing, onReboot: nothing }),
    bootEntries: async () => (options.entries === false ? undefined : entries),
  }
  const install = (rootUuid: string | null = null) =>
    installBootloader({ disk, rootUuid, espUuid: null, targetBootMode: 'uefi' }, hardware, log)
  return { disk, put, install }
}

test('under UEFI the loader of the image becomes a boot entry of the firmware', async () => {
  const { disk, put, install } = await machine()
  await install()
  expect(put).toEqual([{ disk, partition: 1, label: 'debian', loader: String.raw`\EFI\debian\shimx64.efi` }])
})

test('an EFI partition without a loader is left to a whole-disk image, and fails where there is a disk identifier', async () => {
  const { put, install } = await machine({ loaders: false })
  await install(null)
  await install('0x00000000')
  expect(put).toEqual([])
  await expect(install('0x1234abcd')).rejects.toThrow('the EFI partition holds no loader')
})

test('without an EFI partition it fails, saying so', async () => {
  const { install } = await machine({ type: 0x83 })
  await expect(install()).rejects.toThrow('No EFI partition could be detected')
})

test('a firmware without a tool for its entries is left to find the loader itself', async () => {
  const { put, install } = await machine({ entries: false })
  await install()
  expect(put).toEqual([])
})

test('under BIOS a whole-disk image needs nothing, and a partition image is refused', async () => {
  const { install } = await machine({ mode: 'bios' })
  await install(null)
  await install('0x1234abcd')
  await expect(install('8c9a0e5e-1111-2222-3333-444444444444')).rejects.toThrow(/not supported/)
})
