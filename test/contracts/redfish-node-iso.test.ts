import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { explain } from '@ferrite/shared/fault'
import { readIso } from '@ferrite/conductor/iso/read'
import { redfishBench } from './redfish-bench.ts'

const params = { 'ipa-api-url': 'http://192.0.2.1:6386', 'ipa-agent-token': 'abc_DEF-123' }

/** A BMC with one CD drive, and files as a ramdisk's build leaves them. */
async function bench({ slots = ['Cd'], loaders = true } = {}) {
  const set = await redfishBench({ slots })
  const at = (name: string) => path.join(set.stateDir, name)
  const kernel = Buffer.alloc(8192)
  kernel.write('HdrS', 0x202, 'latin1')
  kernel.writeUInt16LE(1, 0x236)
  await writeFile(at('vmlinuz'), kernel)
  await writeFile(at('ramdisk'), Buffer.from('1f8b08000000000002030300000000000000000000', 'hex'))
  await mkdir(at('loaders'))
  const sizes = loaders ? { 'isolinux.bin': 38_912, 'ldlinux.c32': 1000, 'isohdpfx.bin': 432, 'esp.img': 4096 } : {}
  for (const [name, size] of Object.entries(sizes)) await writeFile(at(`loaders/${name}`), Buffer.alloc(size, 1))
  const url = (name: string) => pathToFileURL(at(name)).href
  const { driver_info } = set
  Object.assign(driver_info, { deploy_iso: null, deploy_kernel: url('vmlinuz'), deploy_ramdisk: url('ramdisk') })
  return { ...set, at }
}

test('without an ISO image one is made of kernel and ramdisk, with the token on it and on no kernel command line', async () => {
  const { boot, task, machine, at } = await bench()
  await boot.validate(task)
  await boot.prepareRamdisk(task, params)
  const name = machine.media.get('Cd')?.split('/').at(-1) ?? ''
  expect(name).toMatch(/^[0-9a-f]{32}\.iso$/)
  expect(machine.override).toMatchObject({ enabled: 'Once', target: 'Cd' })
  const { volumeId, files } = readIso(await readFile(at(`media/${name}`)))
  const text = (file: string) => Buffer.from(files.get(file) ?? '').toString()
  expect(volumeId).toBe('ir-vfd-dev')
  expect(text('parameters.txt')).toContain('ipa-agent-token=abc_DEF-123\n')
  expect(text('isolinux/isolinux.cfg')).toContain('APPEND console=ttyS0 boot_method=vmedia')
  expect(text('isolinux/isolinux.cfg') + text('boot/grub/grub.cfg')).not.toContain('abc_DEF-123')
  await boot.prepareRamdisk(task, params)
  expect(await readdir(at('media'))).toHaveLength(1)
  await boot.prepareInstance(task)
  expect([await readdir(at('media')), machine.media.size]).toEqual([[], 0])
})

test('an ISO image that is declared is used where there are two drives, and our own where there is one', async () => {
  for (const [slots, isOwn] of [
    [['Cd', 'USBStick'], false],
    [['Cd'], true],
  ] as const) {
    const { boot, task, machine, lab, driver_info } = await bench({ slots: [...slots] })
    driver_info['deploy_iso'] = lab.deployIso
    await boot.prepareRamdisk(task, params)
    expect(machine.media.get('Cd') !== lab.deployIso).toBe(isOwn)
  }
})

test('what an ISO image cannot be made of is named before anything is done', async () => {
  const { boot, task, driver_info } = await bench({ loaders: false })
  expect(await boot.validate(task).catch(explain)).toMatch(/lacks deploy_iso.*iso_loaders/)
  driver_info['deploy_kernel'] = null
  expect(await boot.validate(task).catch(explain)).toMatch(/lacks deploy_iso.*deploy_kernel is missing/)
})

test('the check looks at kernel and ramdisk where the ISO image will be ours', async () => {
  const { boot, task, lab, driver_info } = await bench()
  driver_info['deploy_iso'] = lab.deployIso
  Object.assign(task.node.properties, { cpu_arch: 'aarch64' })
  const found = await boot.check?.(task)
  expect(found?.map(({ name, result }) => [name, result])).toEqual([
    ['virtual_media', 'ok'],
    ['deploy_kernel', 'ok'],
    ['deploy_ramdisk', expect.any(String)],
    ['architecture', expect.any(String)],
    ['boot_url', 'failed'],
  ])
})
