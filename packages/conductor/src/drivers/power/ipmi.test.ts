import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { explain } from '@ferrite/shared/fault'
import { hasIpmiSim, startIpmiSim } from '../../bmc/ipmi/ipmi-sim.fixture.ts'
import { openIpmiBmcs } from '../../bmc/ipmi/bmcs.ts'
import { systemClock } from '../../core/clock.ts'
import type { Task } from '../../core/task.ts'
import { ipmiManagement } from '../management/ipmi.ts'
import { ipmiPower } from './ipmi.ts'

const log = pino({ level: 'silent' })

/** As much of a task as drivers of BMCs see. */
const taskFor = (driver_info: Record<string, unknown>, capabilities = '') => {
  const node = {
    uuid: '5d3a8c0e-0000-4000-8000-000000000001',
    driver_info,
    properties: { capabilities },
    instance_info: {},
    boot_mode: null,
    internal: {},
  }
  return {
    node,
    save: async ({ internal }: { internal: object }) => void Object.assign(node.internal, internal),
    clock: systemClock,
    log,
    signal: new AbortController().signal,
    effect: (_what: string, work: (signal: AbortSignal) => Promise<unknown>) => work(new AbortController().signal),
  } as unknown as Task
}

async function setUp(limits = { changeMs: 5_000, softOffMs: 5_000 }) {
  const sim = await startIpmiSim()
  const bmcs = openIpmiBmcs({ clock: systemClock, log, changeIntervalMs: 0 })
  return {
    sim,
    power: ipmiPower(bmcs, limits),
    management: ipmiManagement(bmcs),
    task: taskFor(sim.driverInfo),
    async [Symbol.asyncDispose]() {
      await sim[Symbol.asyncDispose]()
    },
  }
}

describe.skipIf(!hasIpmiSim())('against OpenIPMI’s BMC', () => {
  test('a machine is powered on, off, softly off and rebooted, each seen on a BMC that we did not write', async () => {
    await using set = await setUp()
    const { power, task, sim } = set
    expect(await power.getPowerState(task)).toBe('power off')
    await power.setPowerState(task, 'power on')
    expect(await power.getPowerState(task)).toBe('power on')
    await power.setPowerState(task, 'rebooting')
    await power.setPowerState(task, 'soft power off')
    // An off machine has nothing to shut down.
    await power.setPowerState(task, 'soft power off')
    expect(await power.getPowerState(task)).toBe('power off')
    expect(await sim.orders()).toEqual(['power 1', 'power 0', 'power 1', 'shutdown 1'])
  })

  test('a BMC that takes an order and does nothing is found out', async () => {
    await using set = await setUp({ changeMs: 400, softOffMs: 400 })
    await set.sim.lie()
    const error = await set.power.setPowerState(set.task, 'power on').catch((fault: unknown) => fault)
    expect(error).toMatchObject({ code: 'power_failed' })
    expect(explain(error)).toContain('still reports "power off"')
  })

  test('boot devices are set and read back, though this BMC forgets every flag but the device', async () => {
    await using set = await setUp()
    const { management, sim } = set
    const task = taskFor(sim.driverInfo, 'boot_mode:uefi')
    for (const device of ['pxe', 'disk', 'cdrom', 'bios'] as const) {
      await management.setBootDevice(task, device, { persistent: true })
      expect(await management.getBootDevice(task)).toEqual({ boot_device: device, persistent: null })
    }
    expect(await sim.orders()).toEqual(['boot pxe', 'boot default', 'boot cdrom', 'boot bios'])
  })

  test('where the operator says that the BMC forgets, it is told before each power-on', async () => {
    await using set = await setUp()
    const { management, power, sim } = set
    const task = taskFor({ ...sim.driverInfo, ipmi_force_boot_device: 'true' })
    await management.setBootDevice(task, 'disk', { persistent: true })
    await power.setPowerState(task, 'rebooting')
    await management.setBootDevice(task, 'pxe', { persistent: false })
    await power.setPowerState(task, 'rebooting')
    const first = ['boot default', 'power 0', 'boot default', 'power 1']
    expect(await sim.orders()).toEqual([...first, 'boot pxe', 'power 0', 'power 1'])
  })

  test('a BMC that keeps another boot device than it took is found out', async () => {
    await using set = await setUp()
    await set.sim.set('boot', 'cdrom')
    await set.sim.lie()
    const told = set.management.setBootDevice(set.task, 'pxe', { persistent: false })
    await expect(told).rejects.toMatchObject({ code: 'bmc_lied' })
    // VirtualBMC shows what a running machine was booted from.
    await set.sim.set('power', '1')
    await set.management.setBootDevice(set.task, 'pxe', { persistent: false })
  })

  test('a wrong password and an unknown user are told apart', async () => {
    await using set = await setUp()
    const { power, sim } = set
    const read = (more: object) => power.getPowerState(taskFor({ ...sim.driverInfo, ...more })).catch(explain)
    expect(await read({ ipmi_password: 'wrong' })).toContain('password is wrong')
    expect(await read({ ipmi_username: 'nobody' })).toContain('does not know the user')
  })

  test('a lamp is lit, and the BMC describes itself', async () => {
    await using set = await setUp()
    await set.management.identify?.(set.task, 5)
    expect(await set.sim.orders()).toEqual(['identify 5 0'])
    expect(await set.management.describeController?.(set.task)).toMatchObject({ 'IPMI Version': '2.0' })
  })
})
