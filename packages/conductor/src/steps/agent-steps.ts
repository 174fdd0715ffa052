import type { ParamsInputOf } from '@ferrite/shared/contracts/agent-commands'
import { stepInterfaces, type OfferedStep } from '@ferrite/shared/contracts/steps'
import { explain, isFault } from '@ferrite/shared/fault'
import type { StepKind } from '../core/interfaces.ts'
import type { FlowStep } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { sentNode, sentPorts } from './sent-node.ts'

/** Asks the agent which steps it offers, and keeps them with the versions of its hardware managers. */
export async function fetchAgentSteps(task: Task, kind: StepKind): Promise<FlowStep[]> {
  const params = { node: sentNode(task.node), ports: sentPorts(task.ports) }
  const [offered, answer] = await ask[kind](task, params)
  const steps = distinct(Object.values(offered).flat().map(toFlowStep))
  await task.save({
    internal: { agent_steps: { [kind]: steps, versions: answer.hardware_manager_version } },
  })
  return steps
}

type Params = ParamsInputOf<'clean.get_clean_steps'>
type Offered = Promise<[Record<string, OfferedStep[]>, { hardware_manager_version: Record<string, string> }]>
const ask: Record<StepKind, (task: Task, params: Params) => Offered> = {
  async clean({ agent }, params) {
    const answer = await agent.run('clean.get_clean_steps', params)
    return [answer.clean_steps, answer]
  },
  async deploy({ agent }, params) {
    const answer = await agent.run('deploy.get_deploy_steps', params)
    return [answer.deploy_steps, answer]
  },
  async service({ agent, log }, params) {
    try {
      const answer = await agent.run('service.get_service_steps', params)
      return [answer.service_steps, answer]
    } catch (error) {
      // Agents before 2023.2 know no service steps; those of the driver can be run all the same.
      if (!isFault(error, 'agent_refused')) throw error
      log.warn({ reason: explain(error) }, 'the agent offers no service steps')
      return [{}, { hardware_manager_version: {} }]
    }
  },
}

const toFlowStep = (step: OfferedStep): FlowStep => ({
  interface: step.interface,
  step: step.step,
  priority: step.priority,
  in_band: true,
  ...(step.abortable === undefined ? {} : { abortable: step.abortable }),
  ...(step.reboot_requested ? { reboot_requested: true } : {}),
  ...(step.argsinfo === undefined ? {} : { argsinfo: step.argsinfo }),
})

export const isSame = (a: FlowStep, b: FlowStep): boolean => a.interface === b.interface && a.step === b.step

// Two hardware managers may offer one step: the more important offer counts.
function distinct(steps: FlowStep[]): FlowStep[] {
  return steps.filter(
    (step, index) =>
      !steps.some(
        (other, at) =>
          isSame(step, other) && (other.priority > step.priority || (other.priority === step.priority && at < index)),
      ),
  )
}

/** Higher priority first, then the rank of the interface. */
export const inOrder = (steps: FlowStep[]): FlowStep[] =>
  steps.toSorted(
    (a, b) => b.priority - a.priority || stepInterfaces.indexOf(a.interface) - stepInterfaces.indexOf(b.interface),
  )
