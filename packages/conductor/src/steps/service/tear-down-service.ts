import type { Step } from '../../core/step.ts'
import { restoreInstance } from '../restore-instance.ts'

/** Starts the instance again, on its own network. */
export const tearDownService: Step = {
  interface: 'deploy',
  step: 'tear_down_service',
  priority: 0,
  internal: true,
  async run(task) {
    await restoreInstance(task)
    return { done: true }
  },
}
