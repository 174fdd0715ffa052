import { expect, test } from 'vitest'
import type { CheckResult } from '@ferrite/conductor/core/interfaces'
import { writeIso } from '@ferrite/conductor/iso/write'
import { redfishBench } from './redfish-bench.ts'

const shown = (results: CheckResult[] | undefined) =>
  Object.fromEntries((results ?? []).map(({ name, result, detail }) => [name, `${result}: ${detail}`]))

test('a BMC that answers is told so, with what it is and what its machine does', async () => {
  const { power, task, bmc, machine } = await redfishBench()
  const found = shown(await power.check?.(task))
  expect(found['bmc']).toMatch(/^ok: answers, and takes the credentials: Ferrite Lab, firmware 1\.0/)
  expect(found['power']).toBe('ok: reads "power off"')
  expect(machine.power).toBe('Off')
  expect(bmc.requests.filter(({ method, path }) => method !== 'GET' && !path.endsWith('Sessions'))).toEqual([])
})

test('a wrong password and a dead BMC fail the check, and the power is not asked for', async () => {
  const { power, task, bmc, driver_info } = await redfishBench()
  driver_info['redfish_password'] = 'wrong'
  expect(shown(await power.check?.(task))).toMatchObject({
    bmc: expect.stringMatching(/^failed: .*refuses the user name or password/) as string,
    power: expect.stringMatching(/^skipped/) as string,
  })
  driver_info['redfish_password'] = bmc.account.password
  bmc.faults = { drop: true }
  expect(shown(await power.check?.(task))['bmc']).toMatch(/^failed: .*no answer/)
})

test('a boot device for one boot is looked at and left alone; one for good is set to what it is', async () => {
  const { management, task, machine } = await redfishBench()
  await management.setBootDevice(task, 'pxe', { persistent: false })
  expect(shown(await management.check?.(task))['boot_device']).toMatch(/^ok: .*not tried/)
  await management.setBootDevice(task, 'disk', { persistent: true })
  expect(shown(await management.check?.(task))['boot_device']).toBe('ok: reads "disk", and was set to the same')
  expect(machine.override).toMatchObject({ enabled: 'Continuous', target: 'Hdd' })
})

/** The head of a kernel by the x86 boot protocol, with a 64-bit entry. */
function kernel(): Buffer {
  const head = Buffer.alloc(4096)
  head.write('HdrS', 0x202, 'latin1')
  head.writeUInt16LE(1, 0x236)
  return head
}

test('an ISO image is found, and told for which processor it is, without fetching all of it', async () => {
  const { boot, task, lab } = await redfishBench()
  const filler = Buffer.alloc(3 << 20)
  const files = { 'a/filler': filler, 'boot/vmlinuz': kernel() }
  const image = await lab.images.add('real.iso', writeIso({ volumeId: 'x', files }))
  task.node.driver_info['deploy_iso'] = image.url
  const found = shown(await boot.check?.(task))
  expect(found['virtual_media']).toMatch(/^ok: the BMC has .*\/Cd and .*\/USBStick/)
  expect(found['deploy_iso']).toMatch(/^ok: .*real\.iso is there, 3\.\d MiB/)
  expect(found['architecture']).toMatch(/^ok: the ISO image is for x86_64/)
  expect(found['boot_url']).toMatch(/^failed/)
  Object.assign(task.node.properties, { cpu_arch: 'arm64' })
  expect(shown(await boot.check?.(task))['architecture']).toMatch(/^failed: wrong architecture.*aarch64.*x86_64/)
})

test('an ISO image that is not there fails the check; where nobody answers it is a warning', async () => {
  const { boot, task, lab } = await redfishBench({ slots: ['Cd'] })
  task.node.driver_info['deploy_iso'] = `${new URL(lab.deployIso).origin}/none.iso`
  const found = shown(await boot.check?.(task))
  expect(found['virtual_media']).toMatch(/^failed: .*virtual CD drive only/)
  expect(found['deploy_iso']).toMatch(/^failed: the server answers 404/)
  expect(found['architecture']).toMatch(/^skipped/)
  task.node.driver_info['deploy_iso'] = 'http://127.0.0.1:9/a.iso'
  expect(shown(await boot.check?.(task))['deploy_iso']).toMatch(/^warning: .*cannot tell whether the BMC reaches it/)
})
