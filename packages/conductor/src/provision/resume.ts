import { Fault, isFault } from '@ferrite/shared/fault'
import { isWaiting } from '@ferrite/shared/provision'
import { mustLeave } from '../core/must-leave.ts'
import type { Flow } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { bmcSaysOff } from './silence.ts'
import type { Work } from '../store/store.ts'
import { advance } from './advance.ts'
import { isDeaf, verdictOn, type Verdict } from './agent-verdict.ts'
import { failFlow } from './failure.ts'
import { runFlow } from './flow.ts'
import { refuseToGoOn } from './refuse-to-go-on.ts'
import type { ProvisionParts } from './parts.ts'

const mostReplans = 3

/** The agent has been heard of: does what it waited for, if it has come. */
export async function resumeFlow(task: Task, work: Work, parts: ProvisionParts): Promise<void> {
  const { flow } = task.node.internal
  // A crash after the resume was recorded: the flow is under way, not waiting.
  if (!flow || flow.phase !== 'waiting' || !isWaiting(task.node.provision_state)) return runFlow(task, work, parts)
  try {
    refuseToGoOn(task, flow)
    await actOn(await look(task, flow), task, work, parts)
  } catch (error) {
    if (mustLeave(error, task)) throw error
    await failFlow(task, work, error, parts)
  }
}

async function look(task: Task, flow: Flow): Promise<Verdict> {
  if (isDeaf(flow)) return verdictOn(flow, [])
  try {
    return verdictOn(flow, await task.agent.commands())
  } catch (error) {
    if (!isFault(error, 'agent_unreachable')) throw error
    // One look that fails means nothing by itself: the watcher counts them, the power and the clock decide.
    if (await bmcSaysOff(task)) {
      throw new Fault('agent_unreachable', 'the machine lost its power while its agent was at work', { cause: error })
    }
    return { is: 'wait' }
  }
}

async function actOn(verdict: Verdict, task: Task, work: Work, parts: ProvisionParts): Promise<void> {
  if (verdict.is === 'wait') return task.save({}, { close: { work_id: work.id } })
  if (verdict.is === 'failed') throw new Fault('agent_command_failed', verdict.why)
  const { set, events } = advance(task.node, 'resume', task.clock)
  const { flow } = task.node.internal
  if (verdict.is === 'changed' && flow)
    await task.save(
      { ...set, internal: { flow: replanned(flow, task.node.internal.written !== undefined) } },
      { events },
    )
  else await task.save(set, { events })
  await runFlow(task, work, parts)
}

/** Other hardware managers answer now: their steps are asked for again. An automated cleaning starts over. */
function replanned(flow: Flow, written: boolean): Flow {
  const replans = (flow.replans ?? 0) + 1
  if (replans > mostReplans || written || (flow.kind !== 'deploy' && flow.user_steps)) {
    throw new Fault('agent_command_failed', 'the agent’s hardware managers changed while its steps were running')
  }
  const boot = flow.steps.findIndex((step) => ['prepare_cleaning', 'prepare_service', 'deploy'].includes(step.step))
  const index = Math.max(0, boot)
  const steps = flow.kind === 'clean' ? flow.steps.filter((step) => !step.in_band) : flow.steps
  // Phase `waiting` at the boot step: its `resume` asks the agent for its steps.
  const { waiting_for: _for, ...rest } = flow
  return { ...rest, steps, index, phase: 'waiting', waiting_for: 'boot', replans, agent_steps_known: false }
}
