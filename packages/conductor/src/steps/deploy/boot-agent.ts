import { Fault } from '@ferrite/shared/fault'
import type { Flow, FlowStep } from '../../core/node.ts'
import type { Step } from '../../core/step.ts'
import { fetchAgentSteps, inOrder, isSame } from '../agent-steps.ts'
import { bootModeOf } from '../capabilities.ts'
import { isPartitionImage } from '../image-info.ts'
import { override } from '../plan.ts'
import { bootRamdisk } from '../ramdisk.ts'
import type { StepSettings } from '../settings.ts'

/** Boots the deploy ramdisk; once its agent is here, learns what it offers and completes the list of steps. */
export const bootAgent = (settings: StepSettings): Step => ({
  interface: 'deploy',
  step: 'deploy',
  priority: 100,
  boots_ramdisk: true,
  async run(task) {
    await task.save({
      internal: {
        is_whole_disk_image: !isPartitionImage(task.node),
        deploy_boot_mode: bootModeOf(task.node),
        written: undefined,
        root_uuid_or_disk_id: undefined,
      },
    })
    return bootRamdisk(task, 'provisioning', settings)
  },
  async resume(task) {
    const offered = await fetchAgentSteps(task, 'deploy')
    const { flow } = task.node.internal
    if (flow) await task.save({ internal: { flow: { ...flow, agent_steps_known: true, steps: merge(flow, offered) } } })
    return { done: true }
  },
})

/** Steps done so far, then: the driver's, the agent's with a priority, and the operator's, which replaces either. */
function merge(flow: Flow, offered: FlowStep[]): FlowStep[] {
  const done = flow.steps.slice(0, flow.index + 1)
  const own = flow.steps.slice(flow.index + 1)
  const known = [...own, ...offered.filter((step) => ![...done, ...own].some((other) => isSame(step, other)))]
  const asked = flow.user_steps ?? []
  for (const step of asked) {
    if (!known.some((other) => isSame(step, other))) {
      throw new Fault('invalid', `neither the driver nor the agent has a deploy step ${step.interface}.${step.step}`)
    }
  }
  const left = override(known, asked).filter((step) => step.priority > 0)
  return [...done, ...inOrder(left)]
}
