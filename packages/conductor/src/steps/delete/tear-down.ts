import type { Step } from '../../core/step.ts'
import { ensurePower } from '../power.ts'
import { forgetAgent } from '../ramdisk.ts'

/** Ends an instance: power off, volumes and networks detached, boot configuration removed. */
export const tearDown: Step = {
  interface: 'deploy',
  step: 'tear_down',
  priority: 100,
  internal: true,
  async run(task) {
    const { interfaces } = task
    if (!task.node.disable_power_off) await ensurePower(task, 'power off')
    await forgetAgent(task)
    await task.effect('detach its volumes', () => interfaces.storage.detachVolumes(task))
    await task.effect('take the machine off its networks', () => interfaces.network.detach(task))
    await task.effect('clean up the ramdisk’s boot', () => interfaces.boot.cleanUpRamdisk(task))
    await task.effect('clean up the instance’s boot', () => interfaces.boot.cleanUpInstance(task))
    return { done: true }
  },
}
