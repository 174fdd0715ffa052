import { describe, expect, test } from 'vitest'
import { explain } from '@ferrite/shared/fault'
import { redfishDrivers } from './redfish-bench.ts'
import { refusal, vendorBmc } from './redfish-vendor-bmc.ts'
import type { Answer, Call, Vendor } from './redfish-vendor-bmc.ts'
import { machine, vendors } from './redfish-vendors.ts'

const iso = 'http://192.0.2.1/deploy.iso'
const params = { 'ipa-api-url': 'http://192.0.2.1:6386' }

async function benchFor(vendor: Vendor, more: object = {}) {
  const bmc = await vendorBmc(vendor)
  const driver_info = {
    redfish_address: bmc.url,
    redfish_username: 'u',
    redfish_password: 'p',
    deploy_iso: iso,
    ...more,
  }
  return { bmc, ...(await redfishDrivers(driver_info)) }
}

describe.each(Object.entries(vendors))('a BMC of the kind %s', (_, vendor) => {
  test('is found, and its machine goes on, off and through a reboot', async () => {
    const { power, task } = await benchFor(vendor)
    expect(await power.getPowerState(task)).toBe('power off')
    await power.setPowerState(task, 'power on')
    await power.setPowerState(task, 'rebooting')
    await power.setPowerState(task, 'soft power off')
    expect(await power.getPowerState(task)).toBe('power off')
  })

  test('boots the ramdisk from virtual media once, then the disk for good, with its drives empty', async () => {
    const { boot, bmc, management, task } = await benchFor(vendor)
    await boot.prepareRamdisk(task, params)
    expect((await management.virtualMedia?.(task))?.map(({ inserted }) => inserted)).toEqual([true, true])
    expect(bmc.sent('POST', /InsertMedia|VirtualMedia/).concat(bmc.sent('PATCH', /VirtualMedia/))[0]).toMatchObject({
      Image: iso,
    })
    await boot.prepareInstance(task)
    expect((await management.virtualMedia?.(task))?.map(({ inserted }) => inserted)).toEqual([false, false])
    expect(task.node.internal.each_boot_device ?? 'kept by the BMC').toBe(
      vendor === vendors.onceOnly ? 'disk' : 'kept by the BMC',
    )
  })
})

test('a path is taken with and without the slash at its end, and an id finds its system either way', async () => {
  const { power, task, driver_info, bmc } = await benchFor(vendors.hpe, { redfish_system_id: '1' })
  expect(await power.getPowerState(task)).toBe('power off')
  driver_info['redfish_system_id'] = '/redfish/v1/Systems/1'
  expect(await power.getPowerState(task)).toBe('power off')
  expect(bmc.calls.some(({ path }) => path === '/redfish/v1/Systems/1')).toBe(true)
})

test('a session whose address names a host that we do not know is closed on the BMC itself', async () => {
  const { power, task, bmcs, bmc } = await benchFor(vendors.hpe)
  await power.getPowerState(task)
  await bmcs[Symbol.asyncDispose]()
  expect(bmc.calls.at(-1)).toMatchObject({ method: 'DELETE', path: '/redfish/v1/SessionService/Sessions/admin7/' })
})

test('virtual CDs of Supermicro are USB drives, and the boot mode goes with every boot device', async () => {
  const { management, task, bmc } = await benchFor(vendors.supermicro)
  await management.setBootDevice(task, 'cdrom', { persistent: false })
  expect(bmc.sent('PATCH', /Systems/)).toEqual([
    { Boot: { BootSourceOverrideTarget: 'UsbCd', BootSourceOverrideEnabled: 'Once', BootSourceOverrideMode: 'UEFI' } },
  ])
  expect(await management.getBootDevice(task)).toEqual({ boot_device: 'cdrom', persistent: false })
})

test('a boot mode that is right already is not ordered again: an emulator would exchange the firmware', async () => {
  const { boot, management, task, bmc } = await benchFor(vendors.emulator)
  Object.assign(task.node, { boot_mode: 'uefi' })
  await boot.prepareRamdisk(task, params)
  expect(await management.getBootDevice(task)).toEqual({ boot_device: 'cdrom', persistent: true })
  await boot.prepareInstance(task)
  await management.setBootDevice(task, 'pxe', { persistent: true })
  expect(bmc.tree['firmware']).toEqual({ file: 'the operator’s own' })
  Object.assign(task.node, { boot_mode: 'bios' })
  await management.setBootDevice(task, 'disk', { persistent: true })
  expect(bmc.sent('PATCH', /Systems/).at(-1)).toMatchObject({ Boot: { BootSourceOverrideMode: 'Legacy' } })
})

test('a BMC that leaves its boot mode when the device comes alone is told both', async () => {
  const { management, task, bmc } = await benchFor(vendors.leavesMode)
  Object.assign(task.node, { boot_mode: 'uefi' })
  await management.setBootDevice(task, 'pxe', { persistent: true })
  expect(bmc.tree['/redfish/v1/Systems/1']).toMatchObject({
    Boot: { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideMode: 'UEFI' },
  })
})

test('a BMC that keeps boot devices for one boot only is told before each power-on', async () => {
  const { management, power, task, bmc } = await benchFor(vendors.onceOnly)
  await management.setBootDevice(task, 'disk', { persistent: true })
  expect(await management.getBootDevice(task)).toEqual({ boot_device: 'disk', persistent: true })
  const orders = () => bmc.sent('PATCH', /Systems/).length
  const before = orders()
  await power.setPowerState(task, 'power on')
  await power.setPowerState(task, 'rebooting')
  expect(orders()).toBe(before + 2)
  await management.setBootDevice(task, 'pxe', { persistent: false })
  await power.setPowerState(task, 'rebooting')
  expect(orders()).toBe(before + 3)
})

test('a boot that lives in the settings is set and seen there', async () => {
  const { management, task, bmc } = await benchFor(vendors.settings)
  await management.setBootDevice(task, 'pxe', { persistent: false })
  await management.setBootMode?.(task, 'bios')
  expect(bmc.sent('PATCH', /Systems\/1$/)).toEqual([])
  expect(bmc.tree['/redfish/v1/Systems/1/Pending']).toMatchObject({
    Boot: { BootSourceOverrideTarget: 'Pxe', BootSourceOverrideMode: 'Legacy' },
  })
})

test('lamps are found, lit and put out, by the old property and by the new one', async () => {
  const { management, task, bmc } = await benchFor(vendors.hpe)
  expect(await management.indicators?.(task)).toEqual({
    system: { system: { readonly: false, states: ['blinking', 'off', 'on'] } },
  })
  await management.identify?.(task, 30)
  expect(await management.getIndicator?.(task, 'system', 'system')).toBe('blinking')
  await management.identify?.(task, 0)
  const system = bmc.tree['/redfish/v1/Systems/1/'] ?? {}
  expect(system['IndicatorLED']).toBe('Off')
  Object.assign(system, { LocationIndicatorActive: false })
  await management.setIndicator?.(task, 'system', 'system', 'on')
  expect(system).toMatchObject({ LocationIndicatorActive: true, IndicatorLED: 'Off' })
})

describe('a login', () => {
  const standard = machine({ system: '1', manager: '1' })
  const at = (answer: (call: Call) => Answer | undefined): Vendor => ({ tree: standard, answers: answer })
  const sessions = (answer: Answer) => at((call) => (call.path.includes('/Sessions') ? answer : undefined))

  test.each([404, 405, 501])('is basic where the session service turns out to be none (%d)', async (status) => {
    const { power, task, bmc, driver_info } = await benchFor(sessions({ status }))
    expect(await power.getPowerState(task)).toBe('power off')
    expect(bmc.calls.at(-1)?.headers.authorization).toMatch(/^Basic /)
    driver_info['redfish_auth_type'] = 'session'
    await expect(power.getPowerState(task)).rejects.toThrow(/no session service/)
  })

  test('works where even the root is for those only who have logged in', async () => {
    const closed = at(({ path, headers }) =>
      headers['x-auth-token'] || path.includes('/Sessions') ? undefined : { status: 401 },
    )
    const { power, task } = await benchFor(closed)
    expect(await power.getPowerState(task)).toBe('power off')
  })

  test('that has to change its password first is said so, and its session is given back', async () => {
    const { error } = refusal('PasswordChangeRequired', 'The password must be changed.').body as { error: object }
    const headers = { 'x-auth-token': 't', location: '/redfish/v1/SessionService/Sessions/9' }
    const { power, task, bmc } = await benchFor(
      at(({ method }) => (method === 'POST' ? { status: 201, headers, body: error } : undefined)),
    )
    expect(await power.getPowerState(task).catch(explain)).toMatch(/password has to be changed/)
    expect(bmc.calls.at(-1)).toMatchObject({ method: 'DELETE', path: '/redfish/v1/SessionService/Sessions/9' })
  })
})

describe('an answer', () => {
  const standard = machine({ system: '1', manager: '1' })

  test('that leads elsewhere is not followed there, and the error says where it leads', async () => {
    const other = await vendorBmc({ tree: standard })
    const { power, task } = await benchFor({
      tree: standard,
      answers: ({ path }) => ({ status: 301, headers: { location: `${other.url}${path}` } }),
    })
    expect(await power.getPowerState(task).catch(explain)).toContain(`sends us to ${other.url}`)
    expect(other.calls).toEqual([])
  })

  test('that leads in circles comes to an end', async () => {
    const { power, task } = await benchFor({
      tree: standard,
      answers: ({ path }) => ({ status: 307, headers: { location: path } }),
    })
    await expect(power.getPowerState(task)).rejects.toMatchObject({ code: 'bmc_lied' })
  })

  test('that is a task without an address of its monitor is followed by the task’s own', async () => {
    let reads = 0
    const task1 = (TaskState: string) => ({
      '@odata.id': '/redfish/v1/TaskService/Tasks/1',
      '@odata.type': '#Task.v1_4_2.Task',
      TaskState,
    })
    const { power, task, bmc } = await benchFor({
      tree: standard,
      answers({ method, path }, tree) {
        if (path.endsWith('Reset') && method === 'POST') return { status: 202, body: task1('New') }
        if (!path.includes('/Tasks/')) return undefined
        if (++reads < 3) return { status: 200, body: task1('Running') }
        Object.assign(tree['/redfish/v1/Systems/1'] ?? {}, { PowerState: 'On' })
        return { status: 200, body: task1('Completed') }
      },
    })
    await power.setPowerState(task, 'power on')
    expect(bmc.calls.filter(({ path }) => path.includes('/Tasks/'))).toHaveLength(3)
  })

  test('that takes an order and tells no task, or nothing that can be read, is believed by its state', async () => {
    const { power, task } = await benchFor({
      tree: standard,
      answers({ method, path }, tree) {
        if (method !== 'POST' || !path.endsWith('Reset')) return undefined
        Object.assign(tree['/redfish/v1/Systems/1'] ?? {}, { PowerState: 'On' })
        return { status: 202, body: 'Accepted' }
      },
    })
    await power.setPowerState(task, 'power on')
    expect(await power.getPowerState(task)).toBe('power on')
  })

  test('with the power commands in a list of their own is looked up there', async () => {
    const path = '/redfish/v1/Systems/1/ResetActionInfo'
    const tree = structuredClone(standard)
    const system = tree['/redfish/v1/Systems/1'] as { Actions: Record<string, Record<string, unknown>> }
    Object.assign(system.Actions['#ComputerSystem.Reset'] ?? {}, { '@Redfish.ActionInfo': path })
    tree[path] = { Parameters: [{ Name: 'ResetType', AllowableValues: ['ForceOn', 'ForceOff'] }] }
    const { power, task, bmc } = await benchFor({ tree })
    await power.setPowerState(task, 'power on')
    expect(bmc.sent('POST', /Reset$/)).toEqual([{ ResetType: 'ForceOn' }])
  })
})
