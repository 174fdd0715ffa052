import { expect, test } from 'vitest'
import { deployBench } from './deploy-bench.ts'

test('a machine is inspected from the inside and by its BMC, deployed, rescued and given back', async () => {
  const { lab, uuid, image, machine } = await deployBench()
  const { api } = lab
  await api.provision(uuid, 'manage')
  await api.set(uuid, { inspect_interface: 'agent' })
  await api.provision(uuid, 'inspect')
  const inspected = await api.settled(uuid)
  expect([inspected.provision_state, inspected.last_error, inspected.power_state]).toEqual([
    'manageable',
    null,
    'power off',
  ])
  expect(inspected['properties']).toMatchObject({ cpu_arch: expect.any(String) })
  const found = (await api.must('GET', `/v1/nodes/${uuid}/inventory`)) as Record<string, Record<string, unknown>>
  expect(found['inventory']).toMatchObject({ interfaces: machine.macs.map((mac_address) => ({ mac_address })) })
  expect(found['plugin_data']).toMatchObject({ error: null, root_disk: { model: 'FERRITE-DISK' } })

  await api.set(uuid, { inspect_interface: 'redfish', properties: {} })
  await api.provision(uuid, 'inspect')
  const described = await api.settled(uuid)
  expect([described.provision_state, described.last_error]).toEqual(['manageable', null])
  expect(described['properties']).toMatchObject({ cpu_arch: 'x86_64', memory_mb: expect.any(Number) })

  await api.provision(uuid, 'provide')
  await api.until(uuid, 'available')
  await api.deploy(uuid, image)
  expect((await api.settled(uuid)).provision_state).toBe('active')
  await api.provision(uuid, 'rescue', { rescue_password: 'let me in' })
  const rescued = await api.settled(uuid)
  expect([rescued.provision_state, rescued.last_error, rescued.power_state]).toEqual(['rescue', null, 'power on'])
  await api.provision(uuid, 'unrescue')
  const back = await api.settled(uuid)
  expect([back.provision_state, back.last_error, back.power_state]).toEqual(['active', null, 'power on'])
})
