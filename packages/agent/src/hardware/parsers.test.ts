import { expect, test } from 'vitest'
import { parseLan } from './bmc.ts'
import { entriesLabelled } from './firmware.ts'
import { listed } from './linux-disks.ts'
import { parseLsblk, rootCandidates, usesOf } from './lsblk.ts'
import { parseProperties } from './udev.ts'

const device = (name: string, type: string, more: object = {}) => ({
  name,
  kname: name,
  path: `/dev/${name}`,
  type,
  size: 1_000_000_000,
  ro: false,
  rota: true,
  ...more,
})
const lsblk = (...blockdevices: object[]) => parseLsblk(JSON.stringify({ blockdevices }))
const names = (...devices: object[]) => rootCandidates(lsblk(...devices)).map(({ kname }) => kname)

test('whole disks count, and what only looks like one does not', () => {
  expect(
    names(
      device('sda', 'disk', { children: [device('sda1', 'part')] }),
      device('nvme0n1', 'disk'),
      device('mmcblk0', 'disk'),
      device('mmcblk0boot0', 'disk'),
      device('zram0', 'disk'),
      device('fd0', 'disk'),
      device('loop0', 'loop'),
      device('sr0', 'rom'),
      device('sdz', 'disk', { size: 0 }),
    ),
  ).toEqual(['sda', 'nvme0n1', 'mmcblk0'])
})

test('a multipath device stands for its paths, an array is a disk beside its members', () => {
  const mpath = device('dm-0', 'mpath')
  const array = device('md127', 'raid1')
  expect(
    names(
      device('sda', 'disk', { children: [mpath] }),
      device('sdb', 'disk', { children: [mpath] }),
      device('sdc', 'disk', { children: [array] }),
    ),
  ).toEqual(['dm-0', 'sdc', 'md127'])
})

test('the read-only medium that the machine was booted from is no disk, a writable one with the same label is', () => {
  expect(
    names(device('sda', 'disk', { ro: true, label: 'config-2' }), device('sdb', 'disk', { label: 'config-2' })),
  ).toEqual(['sdb'])
})

test('lsblk of older distributions says numbers as text', () => {
  const [disk] = lsblk(device('sda', 'disk', { size: '4096', rota: '1', ro: '0' }))
  expect(disk).toMatchObject({ size: 4096, rota: true, ro: false })
})

test('mounts, swap, LVM and RAID below a disk are uses of it', () => {
  const [disk] = lsblk(
    device('sda', 'disk', {
      children: [
        device('sda1', 'part', { mountpoints: ['/boot', null] }),
        device('sda2', 'part', { mountpoints: ['[SWAP]'] }),
        device('sda3', 'part', { children: [device('dm-0', 'lvm', { mountpoints: ['/'] })] }),
      ],
    }),
  )
  expect(disk && usesOf(disk)).toEqual(['mounted at /boot', 'sda2 is swap', 'dm-0 (lvm) uses it', 'mounted at /'])
})

test('garbage from lsblk is an error, not an empty machine', () => {
  expect(() => parseLsblk('{}')).toThrow(/lsblk/)
  expect(() => parseLsblk('')).toThrow(/lsblk/)
})

test('serials and WWNs of udev and of the kernel are both kept', () => {
  const [disk] = lsblk(device('sda', 'disk', { serial: 'KERNEL', wwn: '0x1', model: ' M ' }))
  const udev = parseProperties(
    'ID_SERIAL_SHORT=SHORT\nID_SERIAL=ATA_M_SHORT\nID_WWN=0x1\nID_WWN_WITH_EXTENSION=0x1abc\nDEVLINKS=/dev/disk/by-id/x /dev/disk/by-path/pci-0\nnoise\n',
  )
  expect(disk && listed(disk, udev)).toMatchObject({
    name: '/dev/sda',
    model: 'M',
    serial: 'SHORT',
    wwn: '0x1',
    wwn_with_extension: '0x1abc',
    by_path: '/dev/disk/by-path/pci-0',
    also: { serial: ['KERNEL', 'ATA_M_SHORT'], wwn: [] },
  })
})

test('the LAN address of a BMC is read, its source is not taken for it', () => {
  const output =
    'IP Address Source       : Static Address\nIP Address              : 10.1.0.7\nMAC Address             : aa:bb:cc:dd:ee:ff\n'
  expect(parseLan(output)).toEqual({ address: '10.1.0.7', mac: 'aa:bb:cc:dd:ee:ff' })
  expect(parseLan('')).toEqual({})
})

test('boot entries are found by their whole label', () => {
  const output = [
    'BootCurrent: 0001',
    'BootOrder: 0001,0002',
    'Boot0001* debian\tHD(1,GPT,aaaa)/File(\\EFI\\debian\\shimx64.efi)',
    'Boot0002* debian backup\tHD(1,GPT,aaaa)/File(\\x.efi)',
    'Boot000A  debian HD(1,GPT,aaaa)/File(\\x.efi)',
  ].join('\n')
  expect(entriesLabelled(output, 'debian')).toEqual(['0001', '000A'])
  expect(entriesLabelled(output, 'ironic1')).toEqual([])
})
