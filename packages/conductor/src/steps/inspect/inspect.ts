import type { Step } from '../../core/step.ts'

/** Asks the inspect interface for what the machine is. */
export const inspect: Step = {
  interface: 'management',
  step: 'inspect',
  priority: 100,
  internal: true,
  async run(task) {
    await task.effect('inspect the machine', () => task.interfaces.inspect.inspect(task))
    return { done: true }
  },
}
