import { describe, expect, test } from 'vitest'
import { GiB } from '@ferrite/shared/units'
import type { ListedDisk } from '../hardware/hardware.ts'
import { matchesHint } from './hint-operators.ts'
import { rootDeviceCandidates, withoutSkipped } from './root-device.ts'

describe('operators of root device hints', () => {
  test.each<[string, string | number, boolean]>([
    // numbers
    ['100', 100, true],
    ['100', 101, false],
    ['== 100', 100, true],
    ['= 100', 101, true],
    ['= 100', 99, false],
    ['!= 100', 100, false],
    ['>= 100', 100, true],
    ['<= 100', 101, false],
    ['> 100', 101, true],
    ['>100', 101, true],
    ['< 100', 99, true],
    ['<or> 10 <or> 20', 20, true],
    ['<or> 10 <or> 20', 30, false],
    ['<range-in> [ 10 20 ]', 20, true],
    ['<range-in> [ 10 20 )', 20, false],
    ['<range-in> ( 10 20 ]', 10, false],
    ['<range-in> nonsense', 10, false],
    // text
    ['Samsung SSD', 'samsung ssd', true],
    ['s== X', 'x', true],
    ['s!= x', 'X', false],
    ['s>= b', 'c', true],
    ['s> b', 'b', false],
    ['s<= b', 'a', true],
    ['s< b', 'b', false],
    ['<in> ssd', 'Samsung SSD 870', true],
    ['<in> hdd', 'Samsung SSD 870', false],
    ['<all-in> samsung 870', 'Samsung SSD 870', true],
    ['<all-in> samsung 980', 'Samsung SSD 870', false],
    ['<or> alpha <or> beta', 'Beta', true],
    ['<or> alpha one <or> beta', 'alpha one', true],
  ])('%j against %j: %s', (hint, value, expected) => {
    expect(matchesHint(hint, value)).toBe(expected)
  })
})

const disk = (name: string, gib: number, more: Partial<ListedDisk> = {}): ListedDisk => ({
  name,
  model: 'M',
  size: gib * GiB,
  rotational: false,
  wwn: null,
  serial: null,
  vendor: null,
  wwn_with_extension: null,
  wwn_vendor_extension: null,
  hctl: null,
  by_path: null,
  logical_sectors: 512,
  physical_sectors: 512,
  tran: null,
  ...more,
})

const disks = [
  disk('/dev/sda', 100, { serial: 'S1', rotational: true }),
  disk('/dev/sdb', 3),
  disk('/dev/sdc', 20, { serial: 'S3', also: { serial: ['udev-S3'] } }),
  disk('/dev/sdd', 20, { wwn: '0x5' }),
]
const node = (hints: unknown, instanceHints?: unknown) => ({
  uuid: 'u',
  properties: { root_device: hints },
  instance_info: { root_device: instanceHints },
})
const names = (found: ListedDisk[]) => found.map(({ name }) => name)

test('without hints the smallest disk of 4 GiB or more is taken, by name among equals', () => {
  expect(names(rootDeviceCandidates(disks, undefined))).toEqual(['/dev/sdc', '/dev/sdd', '/dev/sda'])
})

test.each<[object, string[]]>([
  [{ serial: 's1' }, ['/dev/sda']],
  [{ serial: 'UDEV-S3' }, ['/dev/sdc']],
  [{ size: 20 }, ['/dev/sdc', '/dev/sdd']],
  [{ size: '>= 20', rotational: true }, ['/dev/sda']],
  [{ rotational: 'false', size: '< 10' }, ['/dev/sdb']],
  [{ name: '/dev/sdd' }, ['/dev/sdd']],
  [{ wwn: '0x5' }, ['/dev/sdd']],
])('the hints %j find %j', (hints, expected) => {
  expect(names(rootDeviceCandidates(disks, node(hints)))).toEqual(expected)
})

test('the hints of the instance win over those of the node', () => {
  expect(names(rootDeviceCandidates(disks, node({ serial: 'S1' }, { serial: 'S3' })))).toEqual(['/dev/sdc'])
})

test('when nothing matches, the refusal names the hints and the disks that were seen', () => {
  expect(() => rootDeviceCandidates(disks, node({ serial: 'nope' }))).toThrow(
    /"serial":"nope".*\/dev\/sda \(100 GiB, serial S1\)/,
  )
  expect(() => rootDeviceCandidates([disk('/dev/sdb', 3)], undefined)).toThrow(/4 GiB/)
  expect(() => rootDeviceCandidates(disks, node({ colour: 'red' }))).toThrow(/unknown hints: colour/)
})

test('disks that the node says to skip are neither chosen nor erased', () => {
  const skipping = { uuid: 'u', properties: { skip_block_devices: [{ serial: 's3' }, { size: '< 10' }] } }
  expect(names(withoutSkipped(disks, skipping))).toEqual(['/dev/sda', '/dev/sdd'])
  expect(names(rootDeviceCandidates(disks, skipping))).toEqual(['/dev/sdd', '/dev/sda'])
})
