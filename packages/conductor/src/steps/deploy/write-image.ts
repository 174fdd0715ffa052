import { Fault } from '@ferrite/shared/fault'
import { isSameStep } from '@ferrite/shared/contracts/steps'
import { timestamp } from '../../core/clock.ts'
import type { Step } from '../../core/step.ts'
import { imageInfoFor } from '../image-info.ts'
import { echoOf, sendStep } from '../in-band.ts'

const name = { interface: 'deploy', step: 'write_image' } as const

/** Has the agent pull the image onto the root disk. Its own word for the end is kept: `active` rests on it. */
export const writeImage: Step = {
  ...name,
  priority: 80,
  async run(task) {
    const configdrive = (await task.configdrive())?.reveal() ?? null
    return sendStep(task, 'deploy', {
      ...name,
      args: { image_info: imageInfoFor(task.node, configdrive), configdrive },
    })
  },
  async resume(task) {
    const last = (await task.agent.commands()).findLast((one) => isSameStep(echoOf(one, 'deploy'), name))
    if (last?.command_status !== 'SUCCEEDED') {
      throw new Fault('agent_command_failed', 'the agent does not say that the image was written')
    }
    const result = (last.command_result as { deploy_result?: unknown }).deploy_result
    const words = (result as { result?: unknown } | null)?.result
    await task.save({
      internal: {
        written: {
          result: typeof words === 'string' ? words : JSON.stringify(result ?? null),
          at: timestamp(task.clock.now()),
        },
      },
    })
    return { done: true }
  },
}
