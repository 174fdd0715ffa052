import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readIso } from '@ferrite/conductor/iso/read'
import { parseKernelArgs } from '@ferrite/conductor/netboot/kernel-args'
import { redfishBench } from './redfish-bench.ts'

const params = { 'ipa-api-url': 'http://192.0.2.1:6386', 'ipa-agent-token': 'abc_DEF-123' }

test.each([undefined, 'strict', 'weak', 'empty'] as const)(
  'boot devices are set and read back, with %s tags',
  async (etag) => {
    const { bmc, machine, management, task } = await redfishBench()
    bmc.faults = etag ? { etag } : {}
    await management.setBootDevice(task, 'pxe', { persistent: false })
    expect(machine.override).toMatchObject({ enabled: 'Once', target: 'Pxe' })
    expect(await management.getBootDevice(task)).toEqual({ boot_device: 'pxe', persistent: false })
    await management.setBootDevice(task, 'disk', { persistent: true })
    expect(await management.getBootDevice(task)).toEqual({ boot_device: 'disk', persistent: true })
  },
)

test('the boot mode of the node goes along', async () => {
  const { machine, management, task } = await redfishBench()
  for (const [capabilities, mode] of [
    ['boot_mode:bios,x:y', 'Legacy'],
    [{ boot_mode: 'uefi' }, 'UEFI'],
  ] as const) {
    Object.assign(task.node.properties, { capabilities })
    await management.setBootDevice(task, 'disk', { persistent: true })
    expect(machine.override.mode).toBe(mode)
  }
})

test('a BMC that forgets the boot device is found out', async () => {
  const { bmc, management, task } = await redfishBench()
  bmc.faults = { liesAboutBoot: true }
  await expect(management.setBootDevice(task, 'disk', { persistent: true })).rejects.toMatchObject({ code: 'bmc_lied' })
})

test('what the BMC offers is what is supported', async () => {
  const { management, task } = await redfishBench()
  expect(await management.supportedBootDevices(task)).toEqual(['pxe', 'disk', 'cdrom', 'bios'])
  await expect(management.setBootDevice(task, 'wanboot', { persistent: true })).rejects.toMatchObject({
    code: 'unsupported',
  })
})

test.each(['system', 'manager'] as const)(
  'the ramdisk’s media are inserted where the BMC lists its drives: %s',
  async (mediaUnder) => {
    const { boot, lab, machine, stateDir, task } = await redfishBench({ mediaUnder })
    task.node.driver_info['kernel_append_params'] = 'nofb console=ttyS0 %default%'
    await boot.prepareRamdisk(task, params)
    expect(machine.media.get('Cd')).toBe(lab.deployIso)
    expect(machine.override).toMatchObject({ enabled: 'Once', target: 'Cd' })

    const name = machine.media.get('USBStick')?.split('/').at(-1) ?? ''
    expect(name).toMatch(/^[0-9a-f]{32}\.iso$/)
    expect(task.node.internal.boot_media).toEqual([name])
    const iso = readIso(await readFile(path.join(stateDir, 'media', name)))
    expect(iso.volumeId).toBe('ir-vfd-dev')
    expect(parseKernelArgs(Buffer.from(iso.files.get('parameters.txt') ?? []).toString())).toEqual([
      ['nofb', null],
      ['console', 'ttyS0'],
      ...Object.entries(params),
      ['boot_method', 'vmedia'],
      ['BOOTIF', '01-52-54-00-fe-00-00'],
    ])
    const { mode, size } = await stat(path.join(stateDir, 'media', name))
    // A whole floppy: a BMC may show it as one, and a drive cannot read what is not there.
    expect([mode & 0o777, size]).toEqual([0o600, 2880 * 512])
  },
)

test('preparing twice leaves one medium, cleaning up twice leaves none, and the disk boots next', async () => {
  const { bmc, boot, machine, stateDir, task } = await redfishBench()
  bmc.faults = { staleInserted: true }
  await boot.prepareRamdisk(task, params)
  await boot.prepareRamdisk(task, params)
  expect(await readdir(path.join(stateDir, 'media'))).toHaveLength(1)
  await boot.prepareInstance(task)
  await boot.cleanUpRamdisk(task)
  expect(await readdir(path.join(stateDir, 'media'))).toEqual([])
  expect(machine.media.size).toBe(0)
  expect(machine.override).toMatchObject({ enabled: 'Continuous', target: 'Hdd' })
})

test('media of somebody else stay where they are', async () => {
  const { boot, machine, task } = await redfishBench()
  machine.media.set('Cd', 'http://192.0.2.9/rescue.iso')
  await boot.cleanUpRamdisk(task)
  expect(machine.media.get('Cd')).toBe('http://192.0.2.9/rescue.iso')
})

test.each([
  [['Cd'], 'CD drive only'],
  [['USBStick'], 'no virtual CD drive'],
  [[], 'no virtual CD drive'],
])('a BMC with the drives %j is refused with the reason', async (slots, reason) => {
  const { boot, task } = await redfishBench({ slots })
  await expect(boot.prepareRamdisk(task, params)).rejects.toThrow(reason)
})

test('a drive that stays empty is found out', async () => {
  const { bmc, boot, task } = await redfishBench()
  bmc.faults = { liesAboutMedia: true }
  await expect(boot.prepareRamdisk(task, params)).rejects.toMatchObject({ code: 'bmc_lied' })
})

test('parameters that a kernel cannot carry never reach a medium', async () => {
  const { boot, machine, task } = await redfishBench()
  await expect(boot.prepareRamdisk(task, { ...params, 'ipa-x': 'a\nroot=/dev/sda' })).rejects.toMatchObject({
    code: 'invalid',
  })
  expect(machine.media.size).toBe(0)
  delete task.node.driver_info['deploy_iso']
  await expect(boot.validate(task)).rejects.toThrow(/deploy_iso/)
})

test('media of nodes that are gone are deleted at the start', async () => {
  const { boot, media, stateDir, task } = await redfishBench()
  await boot.prepareRamdisk(task, params)
  await media.keepOnly(new Set(task.node.internal.boot_media))
  expect(await readdir(path.join(stateDir, 'media'))).toHaveLength(1)
  await media.keepOnly(new Set())
  expect(await readdir(path.join(stateDir, 'media'))).toEqual([])
})
