import { expect, test } from 'vitest'
import { readIso } from '@ferrite/conductor/iso/read'
import { MiB } from '@ferrite/shared/units'
import type { MachineDisk } from '@ferrite/lab/machine-disk'
import { deployBench } from './deploy-bench.ts'

test('one request, and a machine that was off runs the image that was named, byte for byte', async () => {
  const { lab, machine, bmc, uuid, content, image } = await deployBench()
  await lab.api.deploy(uuid, image, { configdrive: { meta_data: { hostname: 'web' } } })
  const node = await lab.api.settled(uuid)

  expect(node).toMatchObject({ provision_state: 'active', power_state: 'power on', last_error: null })
  await machine.until('running', 'nothing to boot')
  expect(machine.state).toBe('running')
  const onDisk = Buffer.from(await machine.disk.read(content.length, 0))
  // The config drive's partition is the one change: its row in the partition table.
  expect(onDisk.subarray(0, 446).equals(content.subarray(0, 446))).toBe(true)
  expect(onDisk.subarray(512).equals(content.subarray(512))).toBe(true)
  const drive = await configdriveOn(machine.disk)
  expect(drive.volumeId).toBe('config-2')
  const metaData = Buffer.from(drive.files.get('openstack/latest/meta_data.json') ?? []).toString()
  expect(JSON.parse(metaData)).toMatchObject({ hostname: 'web', uuid })

  expect(machine.media.size).toBe(0)
  expect(machine.override).toMatchObject({ enabled: 'Continuous', target: 'Hdd' })
  expect(lab.switch.networkOf(machine.macs[0] ?? '')).toBe('tenant')
  expect(bmc.requests.some(({ auth }) => auth === 'basic')).toBe(false)
  expect(JSON.stringify(node)).not.toContain('secret')
})

/** The volume in the second partition. */
async function configdriveOn(disk: MachineDisk) {
  const table = Buffer.from(await disk.read(512, 0))
  const first = table.readUInt32LE(462 + 8)
  expect(first).toBeGreaterThan(0)
  return readIso(await disk.read(1 * MiB, first * 512))
}

test('taken back, a machine is cleaned: it is off, holds nothing that boots, and is available again', async () => {
  const { lab, machine, uuid, image } = await deployBench()
  await lab.api.deploy(uuid, image)
  expect((await lab.api.settled(uuid)).provision_state).toBe('active')
  await machine.until('running')

  await lab.api.set(uuid, { automated_clean: true })
  await lab.api.provision(uuid, 'deleted')
  const node = await lab.api.until(uuid, 'available', 'clean failed', 'error')
  expect(node).toMatchObject({ provision_state: 'available', last_error: null, instance_info: {} })
  expect(machine.power).toBe('Off')
  expect(machine.media.size).toBe(0)
  expect(await machine.disk.bootable()).toBeUndefined()
  expect(machine.boots.map(({ from }) => from)).toEqual(['Cd', 'Hdd', 'Cd'])
})
