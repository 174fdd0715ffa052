import { expect, test } from 'vitest'
import type { Interface } from '@ferrite/conductor/core/interfaces'
import type { NodeRecord } from '@ferrite/conductor/core/node'
import type { Task } from '@ferrite/conductor/core/task'
import { redfishBios } from '@ferrite/conductor/drivers/bios/redfish'
import { redfishFirmware } from '@ferrite/conductor/drivers/firmware/redfish'
import { redfishRaid } from '@ferrite/conductor/drivers/raid/redfish'
import type { StepSettings } from '@ferrite/conductor/steps/settings'
import { Fault } from '@ferrite/shared/fault'
import { at, MemoryBmc } from './memory-bmc.ts'
import { hastyClock } from './redfish-bench.ts'

type Rows = Record<string, unknown>[]
const settings = {} as StepSettings
const system = '/redfish/v1/Systems/1'

/** A task of a machine that reboots as soon as it is told to; `boot` is what its firmware does then. */
function taskOn(node: Partial<NodeRecord>, boot: () => void = () => {}) {
  const kept: { bios: Rows; firmware: Rows } = { bios: [], firmware: [] }
  let record = { uuid: 'n1', driver_info: {}, properties: {}, power_state: 'power on', internal: {}, ...node }
  const task = {
    get node() {
      return record
    },
    clock: hastyClock(),
    signal: new AbortController().signal,
    interfaces: { power: { setPowerState: async () => boot(), getPowerState: async () => 'power on' } },
    details: {
      bios: async () => kept.bios,
      setBios: async (_uuid: string, rows: Rows) => void (kept.bios = rows),
      firmware: async () => kept.firmware,
      setFirmware: async (_uuid: string, rows: Rows) => void (kept.firmware = rows),
    },
    save: async (set: object) => void (record = { ...record, ...set }),
    effect: (_what: string, work: () => Promise<unknown>) => work(),
  }
  const order = (one: Interface, step: string, args: object = {}, internal: object = {}, flow: object = {}) => {
    const own = { index: 0, attempt: 1, steps: [{ step, args }], ...flow }
    record = { ...record, internal: { ...internal, flow: own } as never }
    return one.steps?.clean?.find((known) => known.step === step)?.run(task as unknown as Task)
  }
  return { task: task as unknown as Task, kept, order, node: () => record as NodeRecord }
}

test('BIOS settings are shown, changed in their own type, and count after a boot', async () => {
  const bios: { Attributes: Record<string, unknown> } = { Attributes: { Vt: 'Off', Cores: 8, Quiet: true } }
  const pending = { Attributes: {} as Record<string, unknown> }
  const bmc = new MemoryBmc({
    [system]: { Bios: at('/bios') },
    '/bios': { ...bios, '@Redfish.Settings': { SettingsObject: at('/bios/settings') } },
    '/bios/settings': {},
  })
  bmc.acts = ({ body }) => void (pending.Attributes = body['Attributes'] as Record<string, unknown>)
  const { order, kept, task } = taskOn({}, () => Object.assign(bios.Attributes, pending.Attributes))
  const driver = redfishBios(bmc.bmcs, settings)
  await driver.refresh?.(task)
  expect(kept.bios).toContainEqual({ name: 'Cores', value: '8' })
  const wanted = [
    { name: 'Vt', value: 'On' },
    { name: 'Cores', value: '16' },
    { name: 'Quiet', value: true },
  ]
  expect(await order(driver, 'apply_configuration', { settings: wanted })).toEqual({ done: true })
  expect(bmc.deeds).toEqual([{ path: '/bios/settings', body: { Attributes: { Vt: 'On', Cores: 16 } } }])
  expect(kept.bios).toContainEqual({ name: 'Cores', value: '16' })
  // Asked again, nothing is left to do.
  await order(driver, 'apply_configuration', { settings: wanted })
  expect(bmc.deeds).toHaveLength(1)
  await expect(order(driver, 'apply_configuration', { settings: [{ name: 'No', value: 1 }] })).rejects.toThrow('No')
})

test('a BIOS that shows nothing of itself while the machine boots is asked again', async () => {
  const shown: Record<string, unknown>[] = [{ Vt: 'Off' }, {}]
  const bios = {
    get Attributes() {
      return shown.shift() ?? { Vt: 'On' }
    },
  }
  const bmc = new MemoryBmc({ [system]: { Bios: at('/bios') }, '/bios': bios })
  const { order } = taskOn({})
  const asked = { settings: [{ name: 'Vt', value: 'On' }] }
  expect(await order(redfishBios(bmc.bmcs, settings), 'apply_configuration', asked)).toEqual({ done: true })
})

test('a BIOS that keeps its old settings through the boot fails the step', async () => {
  const bmc = new MemoryBmc({ [system]: { Bios: at('/bios') }, '/bios': { Attributes: { Vt: 'Off' } } })
  const { order } = taskOn({})
  const asked = { settings: [{ name: 'Vt', value: 'On' }] }
  const step = order(redfishBios(bmc.bmcs, settings), 'apply_configuration', asked)
  await expect(step).rejects.toThrow('does not show the new Vt')
})

test('after a crash the ramdisk is waited for that its step had started, though nothing is left to do', async () => {
  const bios = new MemoryBmc({ [system]: { Bios: at('/bios') }, '/bios': { Attributes: { Vt: 'On' } } })
  const raid = new MemoryBmc({
    [system]: { Storage: at('/storage') },
    '/storage': { Members: [at('/storage/1')] },
    '/storage/1': { Id: 'RAID.1', Volumes: at('/volumes'), Drives: [] },
    '/volumes': { Members: [] },
  })
  const { order } = taskOn({})
  const agent = { epoch: 2, booted_at: '2026-11-30T12:00:05Z', looked_up_from: '10.0.0.9' }
  const crashed = { attempt: 2, ramdisk: true, step_started_at: '2026-11-30T12:00:00Z' }
  const asked = { settings: [{ name: 'Vt', value: 'On' }] }
  const waits = { wait_for_agent: 'boot' }
  const changed = order(redfishBios(bios.bmcs, settings), 'apply_configuration', asked, { agent }, crashed)
  expect(await changed).toEqual(waits)
  const deleted = order(redfishRaid(raid.bmcs, settings), 'delete_configuration', {}, { agent }, crashed)
  expect(await deleted).toEqual(waits)
})

test('firmware versions are shown; an update is waited for, also when the BMC forgets its task', async () => {
  const manager = { FirmwareVersion: '1.0' }
  const bmc = new MemoryBmc({
    [system]: { BiosVersion: 'B1', Links: { ManagedBy: [at('/bmc')] } },
    '/bmc': manager,
    '/redfish/v1/UpdateService': { Actions: { '#UpdateService.SimpleUpdate': { target: '/update' } } },
  })
  const { order, kept, task } = taskOn({})
  const driver = redfishFirmware(bmc.bmcs, settings)
  await driver.refresh?.(task)
  expect(kept.firmware).toEqual([
    { component: 'bios', initial_version: 'B1', current_version: 'B1' },
    { component: 'bmc', initial_version: '1.0', current_version: '1.0' },
  ])
  bmc.acts = () => {
    manager.FirmwareVersion = '2.0'
    return 'gone'
  }
  const asked = { settings: [{ component: 'bmc', url: 'http://x/bmc-2.0.bin' }] }
  expect(await order(driver, 'update', asked)).toEqual({ done: true })
  expect(bmc.deeds).toEqual([{ path: '/update', body: { ImageURI: 'http://x/bmc-2.0.bin' } }])
  expect(kept.firmware[1]).toEqual({
    component: 'bmc',
    initial_version: '1.0',
    current_version: '2.0',
    last_version_flashed: 'bmc-2.0.bin',
  })
  // While it restarts it may show none, or a web page.
  const restarting = [
    () => null,
    () => {
      throw new Fault('bmc_lied', 'a web page')
    },
  ]
  bmc.acts = () => {
    Object.defineProperty(manager, 'FirmwareVersion', { get: () => restarting.shift()?.() ?? '2.0' })
    return 'gone'
  }
  await expect(order(driver, 'update', asked)).rejects.toThrow('still shows version 2.0')
  await expect(order(driver, 'update', { settings: [{ component: 'disk', url: 'x' }] })).rejects.toThrow('settings')
})

const drive = (Id: string, MediaType: string) => ({ Id, MediaType, Protocol: 'SATA', CapacityBytes: 10 ** 12 })
function raidBmc(): MemoryBmc {
  const volumes: { Members: object[] } = { Members: [] }
  const bmc = new MemoryBmc({
    [system]: { Storage: at('/storage') },
    '/storage': { Members: [at('/storage/1')] },
    '/storage/1': { Id: 'RAID.1', Volumes: at('/volumes'), Drives: ['/d/1', '/d/2', '/d/3'].map(at) },
    '/volumes': volumes,
    '/d/1': drive('d1', 'HDD'),
    '/d/2': drive('d2', 'SSD'),
    '/d/3': drive('d3', 'SSD'),
  })
  bmc.acts = ({ path, body }, resources) => {
    if (path === '/volumes') {
      const made = `/volumes/${volumes.Members.length + 1}`
      const naa = { DurableNameFormat: 'NAA', DurableName: '6005ABCD' }
      resources.set(made, { ...body, Id: 'v1', Identifiers: [naa] })
      volumes.Members = [...volumes.Members, at(made)]
    } else volumes.Members = volumes.Members.filter((one) => (one as Record<string, string>)['@odata.id'] !== path)
    resources.set('/volumes', volumes)
  }
  return bmc
}

test('a volume is built of drives that fit, kept as Ironic shows it, and deleted', async () => {
  const bmc = raidBmc()
  const disk = { raid_level: '1', size_gb: 100, disk_type: 'ssd', is_root_volume: true, volume_name: 'root' }
  const { order, node } = taskOn({ target_raid_config: { logical_disks: [disk] } })
  const driver = redfishRaid(bmc.bmcs, settings)
  expect(await order(driver, 'create_configuration')).toEqual({ done: true })
  expect(bmc.deeds).toEqual([
    {
      path: '/volumes',
      body: {
        RAIDType: 'RAID1',
        CapacityBytes: 100 * 2 ** 30,
        Name: 'root',
        Links: { Drives: [at('/d/2'), at('/d/3')] },
      },
    },
  ])
  expect(node().raid_config).toMatchObject({
    logical_disks: [{ controller: 'RAID.1', raid_level: '1', size_gb: 100, physical_disks: ['d2', 'd3'] }],
  })
  expect(node().properties).toEqual({
    local_gb: 100,
    root_device: { wwn: '0x6005abcd' },
    capabilities: 'raid_level:1',
  })
  await expect(order(driver, 'create_configuration')).rejects.toThrow('order raid.delete_configuration before')
  expect(await order(driver, 'delete_configuration')).toEqual({ done: true })
  expect(node().raid_config).toEqual({})
})

test('a RAID that the drives do not suffice for is refused before anything is built', async () => {
  const bmc = raidBmc()
  const { order } = taskOn({ target_raid_config: { logical_disks: [{ raid_level: '6', size_gb: 'MAX' }] } })
  const driver = redfishRaid(bmc.bmcs, settings)
  await expect(order(driver, 'create_configuration')).rejects.toThrow('4 free drives')
  expect(bmc.deeds).toEqual([])
})
