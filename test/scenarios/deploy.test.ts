import { expect, test } from 'vitest'
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

  expect(machine.media.size).toBe(0)
  expect(machine.override).toMatchObject({ enabled: 'Continuous', target: 'Hdd' })
  expect(lab.switch.networkOf(machine.macs[0] ?? '')).toBe('tenant')
  expect(bmc.requests.some(({ auth }) => auth === 'basic')).toBe(false)
  expect(JSON.stringify(node)).not.toContain('secret')
})
