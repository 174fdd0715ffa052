import type { Command } from '@ferrite/shared/contracts/agent-api'
import { isSameStep, type SentStep } from '@ferrite/shared/contracts/steps'
import type { StepKind } from '../core/interfaces.ts'
import type { FlowStep } from '../core/node.ts'
import type { Step, StepOutcome } from '../core/step.ts'
import type { Task } from '../core/task.ts'
import { keepRaidOutcome } from './raid-outcome.ts'
import { bootRamdisk, networkFor } from './ramdisk.ts'
import { sentNode, sentPorts } from './sent-node.ts'
import type { StepSettings } from './settings.ts'

/** A step that the agent offered: sent to it, and done when it says so. */
export function inBandStep(kind: StepKind, step: FlowStep, settings: StepSettings): Step {
  return {
    interface: step.interface,
    step: step.step,
    priority: step.priority,
    run: (task) => sendStep(task, kind, wholeStep(step)),
    resume: async (task) => {
      const afterReboot = task.node.internal.flow?.waiting_for === 'boot'
      if (!afterReboot) await keepRaidOutcome(task, kind, step)
      if (!step.reboot_requested || afterReboot) return { done: true }
      return bootRamdisk(task, networkFor[kind], settings)
    },
  }
}

const wholeStep = ({
  in_band: _in,
  internal: _internal,
  reboot_requested,
  abortable,
  ...step
}: FlowStep): SentStep => ({
  ...step,
  reboot_requested: reboot_requested ?? false,
  abortable: abortable ?? false,
  requires_ramdisk: true,
})

/** Sends a step, unless the agent already has it from before a crash of ours: then its end is what we wait for. */
export async function sendStep(task: Task, kind: StepKind, step: SentStep): Promise<StepOutcome> {
  const again = (task.node.internal.flow?.attempt ?? 1) > 1
  if (again && hasStep(await task.agent.commands(), kind, step)) return { wait_for_agent: 'command' }
  const common = { step, node: sentNode(task.node), ports: sentPorts(task.ports) }
  const versions = task.node.internal.agent_steps?.versions ?? null
  await task.effect(`send the step ${step.step} to the agent`, () =>
    kind === 'clean'
      ? task.agent.start('clean.execute_clean_step', { ...common, clean_version: versions })
      : kind === 'deploy'
        ? task.agent.start('deploy.execute_deploy_step', { ...common, deploy_version: versions })
        : task.agent.start('service.execute_service_step', { ...common, service_version: versions }),
  )
  return { wait_for_agent: 'command' }
}

// An earlier step that had failed would have ended the flow, so the failure of the last command is this step's.
function hasStep(commands: Command[], kind: StepKind, step: SentStep): boolean {
  const last = commands.at(-1)
  if (last?.command_name !== `execute_${kind}_step`) return false
  return last.command_status !== 'SUCCEEDED' || isSameStep(echoOf(last, kind), step)
}

/** The step that a finished command says it was. */
export function echoOf(command: Command, kind: StepKind): SentStep | undefined {
  const result = command.command_result as Record<string, unknown> | null
  const echo = result?.[`${kind}_step`]
  return typeof echo === 'object' && echo !== null ? (echo as SentStep) : undefined
}
