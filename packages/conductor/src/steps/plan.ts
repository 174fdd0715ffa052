import type { StepKind } from '../core/interfaces.ts'
import { Fault } from '@ferrite/shared/fault'
import type { Flow, FlowStep } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { inOrder, isSame } from './agent-steps.ts'
import { checkArgs } from './check-args.ts'
import { offersOf, ours } from './offers.ts'
import { stepsOf, toFlowStep } from './table.ts'

/** The steps that a flow begins with. What an agent has to add is put in between once the agent is here. */
export function planFlow(task: Task, flow: Flow): FlowStep[] {
  const own = stepsOf[flow.kind](task)
  const boots = own.some((step) => step.boots_ramdisk)
  const steps = own.map(toFlowStep)
  if (flow.restores) return steps.filter((step) => step.step === 'tear_down_service')
  if (flow.kind === 'deploy') return planDeploy(task, flow, steps, boots)
  if (flow.kind !== 'clean' && flow.kind !== 'service') return steps
  return flow.user_steps ? planOrdered(task, flow.kind, flow, steps, boots) : planAutomated(task, steps, boots)
}

function planDeploy(task: Task, flow: Flow, own: FlowStep[], boots: boolean): FlowStep[] {
  const asked = flow.user_steps ?? []
  const extra = asked.flatMap((step) =>
    own.some((other) => isSame(other, step)) ? [] : (ours(task, 'deploy', step) ?? []),
  )
  const known = [...own, ...extra]
  const missing = asked.find((step) => !known.some((other) => isSame(other, step)))
  if (missing && !boots) throw unknown(task, 'deploy', missing)
  return inOrder(override(known, asked).filter((step) => step.priority > 0))
}

/** The operator's priority and arguments in the place of the driver's. */
export function override(known: FlowStep[], asked: readonly FlowStep[]): FlowStep[] {
  return known.map((step) => {
    const order = asked.find((other) => isSame(step, other))
    if (!order) return step
    if (order.priority > 0) checkArgs('deploy', order, step.in_band ? step.argsinfo : undefined)
    return { ...step, priority: order.priority, ...(order.args ? { args: order.args } : {}) }
  })
}

/** In the order given. The ramdisk is booted unless no step needs it; without it, every step must be ours. */
function planOrdered(task: Task, kind: 'clean' | 'service', flow: Flow, own: FlowStep[], boots: boolean): FlowStep[] {
  const asked = flow.user_steps ?? []
  const found = asked.map((step) => ours(task, kind, step))
  const offered = offersOf(task, kind)
  const needy = asked.find(
    (step, at) => !found[at] || offered.some((one) => isSame(toFlowStep(one), step) && one.needs_ramdisk),
  )
  if (needy && boots && !flow.no_ramdisk) return own
  if (needy && boots)
    throw new Fault('invalid', `${kind} step ${needy.interface}.${needy.step} requires booting a ramdisk`)
  if (needy) throw unknown(task, kind, needy)
  return found.filter((step) => step !== undefined)
}

function planAutomated(task: Task, own: FlowStep[], boots: boolean): FlowStep[] {
  return boots ? own : [...own, ...automatic(task)]
}

/** Clean steps of the drivers that are done without being asked for. */
export const automatic = (task: Task): FlowStep[] =>
  inOrder(
    offersOf(task, 'clean')
      .map(toFlowStep)
      .filter((step) => step.priority > 0),
  )

const unknown = ({ node }: Task, kind: StepKind, { interface: type, step }: FlowStep): Fault =>
  new Fault('invalid', `node ${node.uuid} does not support the ${kind} step ${type}.${step}`)
