import { expect, test } from 'vitest'
import { openFat } from '@ferrite/agent/disk/fat'
import { fatImage } from './fat-image.ts'

const files = {
  'EFI/BOOT/BOOTX64.EFI': Buffer.alloc(300_001, 'shim'),
  'EFI/BOOT/GRUBX64.EFI': Buffer.alloc(900_000, 'grub'),
  'README.TXT': Buffer.from('read me'),
}

test('a reader of FAT file systems finds every file whole', async () => {
  const image = fatImage(files)
  const volume = await openFat((offset, length) => Promise.resolve(image.subarray(offset, offset + length)))
  const root = await volume.list('')
  expect(root?.map(({ name }) => name)).toEqual(['EFI', 'README.TXT'])
  for (const [file, content] of Object.entries(files)) {
    const entries = await volume.list(file.split('/').slice(0, -1).join('/'))
    const entry = entries?.find(({ name }) => name === file.split('/').at(-1))
    expect({ file, isWhole: entry && Buffer.from(await volume.read(entry)).equals(content) }).toEqual({
      file,
      isWhole: true,
    })
  }
})

test('equal files give equal bytes, and names that FAT cannot hold are refused', () => {
  expect(fatImage(files).equals(fatImage(Object.fromEntries(Object.entries(files).toReversed())))).toBe(true)
  expect(() => fatImage({ 'EFI/debian/shim.efi': Buffer.alloc(1) })).toThrow('FAT cannot hold EFI/debian/shim.efi')
})
