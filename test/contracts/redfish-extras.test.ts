import { expect, test } from 'vitest'
import { redfishBench, redfishDrivers } from './redfish-bench.ts'
import { vendorBmc } from './redfish-vendor-bmc.ts'
import { vendors } from './redfish-vendors.ts'

test('the boot mode is set and read back', async () => {
  const { management, task, machine } = await redfishBench()
  await management.setBootMode?.(task, 'bios')
  expect(machine.override.mode).toBe('Legacy')
  await management.setBootMode?.(task, 'uefi')
  expect(machine.override.mode).toBe('UEFI')
})

test('media go into a free drive of their kind, are shown, and come out again', async () => {
  const { management, task, lab } = await redfishBench()
  const held = async () => (await management.virtualMedia?.(task))?.map(({ image }) => image)
  const medium = { device_type: 'cdrom', image_url: lab.deployIso, image_download_source: 'http' } as const
  expect(new Set(await held())).toEqual(new Set([null]))
  await management.attachVirtualMedia?.(task, medium)
  expect(await held()).toContain(lab.deployIso)
  await expect(management.attachVirtualMedia?.(task, medium)).rejects.toThrow('holds a medium; detach one first')
  await management.detachVirtualMedia?.(task, ['floppy'])
  expect(await held()).toContain(lab.deployIso)
  await management.detachVirtualMedia?.(task, ['cdrom'])
  expect(await held()).not.toContain(lab.deployIso)
  await management.attachVirtualMedia?.(task, medium)
  await management.detachVirtualMedia?.(task)
  expect(await held()).not.toContain(lab.deployIso)
  const swift = { ...medium, image_download_source: 'swift' } as const
  await expect(management.attachVirtualMedia?.(task, swift)).rejects.toMatchObject({ code: 'unsupported' })
})

test('sensors are read, by the old resources and by the new one', async () => {
  const { management, task } = await redfishBench()
  expect(await management.readSensors?.(task)).toEqual([
    { name: 'CPU 1', value: 22, unit: 'degrees C', state: 'OK', text: '22 degrees C' },
    { name: 'Fan 1', value: 0, unit: 'RPM', state: 'OK', text: '0 RPM' },
  ])
  const tree = structuredClone(vendors.terse.tree)
  const link = (path: string) => ({ '@odata.id': path })
  Object.assign(tree['/redfish/v1/Systems/one'] ?? {}, { Links: { Chassis: [link('/redfish/v1/Chassis/one')] } })
  tree['/redfish/v1/Chassis/one'] = { Sensors: link('/redfish/v1/Chassis/one/Sensors') }
  tree['/redfish/v1/Chassis/one/Sensors'] = { Members: ['in', 'gone'].map((id) => link(`/redfish/v1/Sensors/${id}`)) }
  tree['/redfish/v1/Sensors/in'] = { Name: 'Inlet', Reading: 21.5, ReadingUnits: 'Cel', Status: { Health: 'Warning' } }
  tree['/redfish/v1/Sensors/gone'] = { Name: 'PSU 2', Reading: null, Status: { State: 'Absent' } }
  const terse = await redfishDrivers({ redfish_address: (await vendorBmc({ tree })).url })
  expect(await terse.management.readSensors?.(terse.task)).toEqual([
    { name: 'Inlet', value: 21.5, unit: 'Cel', state: 'Warning', text: '21.5 Cel' },
  ])
})

test('secure boot is set and read back, and the machine’s way of booting is told', async () => {
  const { management, task, bmc } = await redfishBench()
  expect(await management.bootState?.(task)).toEqual({ boot_mode: 'uefi', secure_boot: false })
  await management.setSecureBoot?.(task, true)
  expect(bmc.requests.at(-1)).toMatchObject({ method: 'GET', path: '/redfish/v1/Systems/1/SecureBoot' })
})

test('what the BMC does not offer is refused as unsupported', async () => {
  const { url } = await vendorBmc(vendors.terse)
  const { management, task } = await redfishDrivers({ redfish_address: url })
  expect(await management.bootState?.(task)).toEqual({ boot_mode: null, secure_boot: null })
  await expect(management.setBootMode?.(task, 'uefi')).rejects.toMatchObject({ code: 'unsupported' })
  await expect(management.setSecureBoot?.(task, true)).rejects.toMatchObject({ code: 'unsupported' })
  const lab = await redfishBench()
  await expect(lab.management.injectNmi?.(lab.task)).rejects.toThrow('does not support inject_nmi')
})
