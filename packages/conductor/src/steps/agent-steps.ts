import { stepInterfaces, type OfferedStep } from '@ferrite/shared/contracts/steps'
import type { FlowStep } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { sentNode, sentPorts } from './sent-node.ts'

/** Asks the agent which steps it offers, and keeps them with the versions of its hardware managers. */
export async function fetchAgentSteps(task: Task, kind: 'clean' | 'deploy'): Promise<FlowStep[]> {
  const params = { node: sentNode(task.node), ports: sentPorts(task.ports) }
  const answer =
    kind === 'clean'
      ? await task.agent.run('clean.get_clean_steps', params)
      : await task.agent.run('deploy.get_deploy_steps', params)
  const offered = ('clean_steps' in answer ? answer.clean_steps : answer.deploy_steps) as Record<string, OfferedStep[]>
  const steps = distinct(Object.values(offered).flat().map(toFlowStep))
  await task.save({
    internal: { agent_steps: { [kind]: steps, versions: answer.hardware_manager_version } },
  })
  return steps
}

const toFlowStep = (step: OfferedStep): FlowStep => ({
  interface: step.interface,
  step: step.step,
  priority: step.priority,
  in_band: true,
  ...(step.abortable === undefined ? {} : { abortable: step.abortable }),
  ...(step.reboot_requested ? { reboot_requested: true } : {}),
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
