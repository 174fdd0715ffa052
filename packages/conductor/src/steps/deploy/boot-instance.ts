import type { Step } from '../../core/step.ts'
import { ensurePower, readPower, reboot } from '../power.ts'
import { confirmWhenOff } from './confirm-boot-device.ts'

/** Starts the deployed system. */
export const bootInstance: Step = {
  interface: 'deploy',
  step: 'boot_instance',
  priority: 20,
  async run(task) {
    await confirmWhenOff(task)
    if (task.node.disable_power_off) await reboot(task)
    else await ensurePower(task, 'power on')
    const power = (await readPower(task)) ?? 'unknown'
    const { flow } = task.node.internal
    if (flow) await task.save({ internal: { flow: { ...flow, confirmed: { ...flow.confirmed, power } } } })
    return { done: true }
  },
}
