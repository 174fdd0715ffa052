import { Fault } from '@ferrite/shared/fault'
import type { Flow, FlowStep } from '../../core/node.ts'
import type { Step } from '../../core/step.ts'
import { fetchAgentSteps, inOrder, isSame } from '../agent-steps.ts'
import { bootRamdisk } from '../ramdisk.ts'
import type { StepSettings } from '../settings.ts'

/** Boots the ramdisk on the cleaning network; once its agent is here, puts its clean steps into the list. */
export const bootCleaningAgent = (settings: StepSettings): Step => ({
  interface: 'deploy',
  step: 'prepare_cleaning',
  priority: 1000,
  internal: true,
  run: (task) => bootRamdisk(task, 'cleaning', settings),
  async resume(task) {
    const offered = await fetchAgentSteps(task, 'clean')
    const { flow } = task.node.internal
    if (flow) {
      const steps = withCleanSteps(
        flow,
        flow.user_steps ? ordered(flow.user_steps, offered) : automated(offered, settings),
      )
      await task.save({ internal: { flow: { ...flow, agent_steps_known: true, steps } } })
    }
    return { done: true }
  },
})

const automated = (offered: FlowStep[], { cleanPriorities }: StepSettings): FlowStep[] =>
  inOrder(
    offered
      .map((step) => ({ ...step, priority: cleanPriorities[step.step] ?? step.priority }))
      .filter((step) => step.priority > 0),
  )

function ordered(asked: FlowStep[], offered: FlowStep[]): FlowStep[] {
  return asked.map((step) => {
    const match = offered.find((other) => isSame(step, other))
    if (!match) throw new Fault('invalid', `the agent has no clean step ${step.interface}.${step.step}`)
    return { ...match, ...(step.args ? { args: step.args } : {}) }
  })
}

const withCleanSteps = (flow: Flow, steps: FlowStep[]): FlowStep[] => [
  ...flow.steps.slice(0, flow.index + 1),
  ...steps,
  ...flow.steps.slice(flow.index + 1).filter((step) => !step.in_band),
]
