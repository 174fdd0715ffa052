import type { Step } from '../../core/step.ts'
import { ensurePower } from '../power.ts'
import { forgetAgent } from '../ramdisk.ts'

/** Powers the machine off, takes it off the cleaning network, removes the ramdisk's boot. */
export const tearDownCleaning: Step = {
  interface: 'deploy',
  step: 'tear_down_cleaning',
  priority: 0,
  internal: true,
  async run(task) {
    if (!task.node.disable_power_off) await ensurePower(task, 'power off')
    await forgetAgent(task)
    await task.effect('take the machine off the cleaning network', () => task.interfaces.network.detach(task))
    await task.effect('clean up the ramdisk’s boot', () => task.interfaces.boot.cleanUpRamdisk(task))
    return { done: true }
  },
}
