import type { StepKind } from '../core/interfaces.ts'
import type { FlowKind, FlowStep } from '../core/node.ts'
import type { Step } from '../core/step.ts'
import type { Task } from '../core/task.ts'
import { adopt } from './adopt/adopt.ts'
import { tearDown } from './delete/tear-down.ts'
import { inBandStep } from './in-band.ts'
import { isReserved, reservedStep } from './reserved.ts'
import { offersOf } from './offers.ts'
import type { StepSettings } from './settings.ts'
import { verifyPower } from './verify/verify-power.ts'

/** The steps that each kind of flow begins with, in order. */
export const stepsOf: Record<FlowKind, (task: Task) => readonly Step[]> = {
  verify: () => [verifyPower],
  inspect: (task) => task.interfaces.inspect.inspectSteps,
  adopt: () => [adopt],
  delete: () => [tearDown],
  deploy: (task) => task.interfaces.deploy.deploySteps,
  clean: (task) => task.interfaces.deploy.cleanSteps,
  service: (task) => task.interfaces.deploy.serviceSteps,
  rescue: (task) => task.interfaces.rescue.rescueSteps,
  unrescue: (task) => task.interfaces.rescue.unrescueSteps,
}

/** What does this step of a flow: the agent, or one of ours; undefined when a change of driver took it away. */
export function stepFor(task: Task, kind: FlowKind, step: FlowStep, settings: StepSettings): Step | undefined {
  const own = [...stepsOf[kind](task), ...(isChosen(kind) ? offersOf(task, kind) : [])]
  if (!isChosen(kind)) return find(own, step)
  if (step.in_band) return inBandStep(kind, step, settings)
  return step.internal || !isReserved(step) ? find(own, step) : reservedStep(kind, step, settings)
}

const isChosen = (kind: FlowKind): kind is StepKind => kind === 'clean' || kind === 'deploy' || kind === 'service'

const find = (steps: readonly Step[], step: FlowStep): Step | undefined =>
  steps.find((one) => one.interface === step.interface && one.step === step.step)

/** A step as a flow remembers it. */
export const toFlowStep = (step: Step): FlowStep => ({
  interface: step.interface,
  step: step.step,
  priority: step.priority,
  in_band: false,
  ...(step.internal ? { internal: true } : {}),
})
