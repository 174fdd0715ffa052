import { Fault } from '@ferrite/shared/fault'
import type { DeployInterface } from '../../core/interfaces.ts'
import type { FlowStep } from '../../core/node.ts'
import type { Step } from '../../core/step.ts'
import type { Task } from '../../core/task.ts'
import { behave, fakeInterface } from './behaviour.ts'
import { fakeSteps } from './steps.ts'

const deploy: Step = {
  interface: 'deploy',
  step: 'deploy',
  priority: 100,
  async run(task) {
    await behave(task, 'deploy')
    return { done: true }
  },
}

/** Puts the steps that the operator ordered in the place of those that are only on offer. */
const collect = (kind: 'deploy' | 'clean'): Step => ({
  interface: 'deploy',
  step: `collect_${kind}_steps`,
  priority: 1000,
  internal: true,
  async run(task) {
    const { flow } = task.node.internal
    if (!flow) return { done: true }
    const done = flow.steps.slice(0, flow.index + 1)
    const ordered = (flow.user_steps ?? []).map((one) => known(task, one))
    const steps = kind === 'clean' ? ordered : merged(ordered)
    await task.save({ internal: { flow: { ...flow, agent_steps_known: true, steps: [...done, ...steps] } } })
    return { done: true }
  },
})

function known(task: Task, asked: FlowStep): FlowStep {
  const one = [deploy, ...fakeSteps].find((other) => other.interface === asked.interface && other.step === asked.step)
  if (one) return { ...asked, in_band: false }
  throw new Fault('invalid', `node ${task.node.uuid} has no step ${asked.interface}.${asked.step}`)
}

function merged(ordered: FlowStep[]): FlowStep[] {
  const own: FlowStep = { interface: 'deploy', step: 'deploy', priority: deploy.priority, in_band: false }
  const replaced = ordered.some((one) => one.interface === own.interface && one.step === own.step)
  return [...(replaced ? [] : [own]), ...ordered]
    .filter(({ priority }) => priority > 0)
    .toSorted((a, b) => b.priority - a.priority)
}

/** Deploys and cleans without a machine: at once, or as slowly as the node asks for. */
export const fakeDeploy: DeployInterface = {
  ...fakeInterface('deploy'),
  deploySteps: [collect('deploy'), deploy, ...fakeSteps],
  cleanSteps: [collect('clean'), ...fakeSteps],
}
