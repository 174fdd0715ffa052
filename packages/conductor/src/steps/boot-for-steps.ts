import { Fault } from '@ferrite/shared/fault'
import type { Flow, FlowStep } from '../core/node.ts'
import type { Step } from '../core/step.ts'
import type { Task } from '../core/task.ts'
import { fetchAgentSteps, inOrder, isSame } from './agent-steps.ts'
import { checkArgs } from './check-args.ts'
import { ours } from './offers.ts'
import { automatic } from './plan.ts'
import { bootRamdisk, networkFor } from './ramdisk.ts'
import type { StepSettings } from './settings.ts'

type Kind = 'clean' | 'service'

/** Boots the ramdisk for cleaning or for a service; once its agent is here, puts the steps to do into the list. */
export const bootForSteps = (kind: Kind, settings: StepSettings): Step => ({
  interface: 'deploy',
  step: kind === 'clean' ? 'prepare_cleaning' : 'prepare_service',
  priority: 1000,
  internal: true,
  boots_ramdisk: true,
  run: (task) => bootRamdisk(task, networkFor[kind], settings),
  async resume(task) {
    const offered = await fetchAgentSteps(task, kind)
    const { flow } = task.node.internal
    if (!flow) return { done: true }
    const steps = flow.user_steps
      ? ordered(task, kind, flow.user_steps, offered)
      : inOrder([...automated(offered, settings), ...automatic(task)])
    await task.save({ internal: { flow: { ...flow, agent_steps_known: true, steps: around(flow, steps) } } })
    return { done: true }
  },
})

const automated = (offered: FlowStep[], { cleanPriorities }: StepSettings): FlowStep[] =>
  offered
    .map((step) => ({ ...step, priority: cleanPriorities[step.step] ?? step.priority }))
    .filter((step) => step.priority > 0)

function ordered(task: Task, kind: Kind, asked: readonly FlowStep[], offered: FlowStep[]): FlowStep[] {
  return asked.map((step) => {
    const own = ours(task, kind, step)
    if (own) return own
    const match = offered.find((other) => isSame(step, other))
    if (!match) throw new Fault('invalid', `the agent has no ${kind} step ${step.interface}.${step.step}`)
    checkArgs(kind, step, match.argsinfo)
    return { ...match, ...(step.args ? { args: step.args } : {}) }
  })
}

/** After those done so far, before those that end the flow. */
const around = (flow: Flow, steps: FlowStep[]): FlowStep[] => [
  ...flow.steps.slice(0, flow.index + 1),
  ...steps,
  ...flow.steps.slice(flow.index + 1).filter((step) => step.internal),
]
