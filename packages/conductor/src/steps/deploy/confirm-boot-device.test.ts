import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { Task } from '../../core/task.ts'
import { confirmBootDevice, confirmWhenOff } from './confirm-boot-device.ts'

/** A machine that was booted from the network, and a BMC that shows that for as long as it runs. */
function bench({ power = 'power on', keeps = true, disable_power_off = false } = {}) {
  const machine = { power, next: 'pxe', orders: 0 }
  let flow: { confirmed?: { boot_device?: string } } = {}
  const task = {
    get node() {
      return { driver_info: {}, disable_power_off, power_state: machine.power, internal: { flow } }
    },
    interfaces: {
      management: {
        supportedBootDevices: async () => ['pxe', 'disk'],
        getBootDevice: async () => ({ boot_device: machine.power === 'power on' ? 'pxe' : machine.next }),
        setBootDevice: async (_task: Task, device: string) => {
          machine.orders += 1
          if (keeps) machine.next = device
        },
      },
      power: { getPowerState: async () => machine.power },
    },
    log: pino({ level: 'silent' }),
    save: async (set: { internal: { flow: typeof flow } }) => void (flow = set.internal.flow),
    effect: async (_what: string, work: () => Promise<unknown>) => work(),
  } as unknown as Task
  return { machine, task, confirmed: () => flow.confirmed?.boot_device }
}

test('a BMC that shows what the running machine was booted from is asked again when it is off', async () => {
  const { machine, task, confirmed } = bench()
  await confirmBootDevice(task)
  machine.power = 'power off'
  machine.next = 'disk'
  await confirmWhenOff(task)
  expect([confirmed(), machine.orders]).toEqual(['disk', 0])
})

test('a boot device that nobody has set by then is set, and one that is not kept fails the deployment', async () => {
  for (const keeps of [true, false]) {
    const { machine, task, confirmed } = bench({ keeps })
    await confirmBootDevice(task)
    machine.power = 'power off'
    const outcome = await confirmWhenOff(task).then(confirmed, (error: Error) => error.message)
    expect(outcome).toBe(keeps ? 'disk' : 'the boot device was set to disk, but the BMC says "pxe"')
    expect(machine.orders).toBe(1)
  }
})

test('a machine that is never turned off is confirmed while it runs', async () => {
  const { task } = bench({ disable_power_off: true })
  await expect(confirmBootDevice(task)).rejects.toThrow('but the BMC says "pxe"')
})

test('what was confirmed while the ramdisk ran is not asked for again', async () => {
  const { machine, task, confirmed } = bench({ power: 'power off' })
  await confirmBootDevice(task)
  expect([confirmed(), machine.orders]).toEqual(['disk', 1])
  machine.next = 'pxe'
  await confirmWhenOff(task)
  expect(machine.orders).toBe(1)
})
