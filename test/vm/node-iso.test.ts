import { expect, test } from 'vitest'
import { ended, machineBench, missing } from './machine-bench.ts'

test.skipIf(missing)('a BMC with a CD drive alone boots an ISO image of the node’s own', async () => {
  const { lab, image } = await machineBench({ machines: [{ bmc: 'redfish', bmcOptions: { slots: ['Cd'] } }] })
  const [first] = lab.machines
  if (!first) throw new Error('the lab has no machine')
  const enrollment = await lab.enrollment(first)
  // Kernel and ramdisk are the conductor’s own; their loaders lie beside them.
  Object.assign(enrollment.node['driver_info'] ?? {}, { deploy_iso: null })
  const { uuid } = await lab.api.create(enrollment)
  await lab.api.makeAvailable(uuid)
  await lab.api.deploy(uuid, image, { configdrive: { meta_data: { hostname: 'own-iso' } } })
  expect(await ended(lab, uuid)).toMatchObject({ provision_state: 'active', last_error: null, boot_mode: 'bios' })
  await first.machine.until('running', 'nothing to boot', 'hung', 'off')
  expect(first.machine.reason).toBe('prompt of own-iso')
  expect(first.machine.boots.map((boot) => boot.from)).toEqual(['Cd', 'Hdd'])
  expect(first.machine.media.size).toBe(0)
})
