import type { Step } from '../../core/step.ts'
import { readPower } from '../power.ts'

/** Takes over a machine that already runs its instance: everything is checked, nothing is changed. */
export const adopt: Step = {
  interface: 'deploy',
  step: 'adopt',
  priority: 100,
  internal: true,
  async run(task) {
    const { power, management, network, storage } = task.interfaces
    for (const one of [power, management, network, storage]) await one.validate(task)
    await readPower(task)
    return { done: true }
  },
}
