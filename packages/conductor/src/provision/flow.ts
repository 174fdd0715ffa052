import { Fault, isFault } from '@ferrite/shared/fault'
import { mustLeave } from '../core/must-leave.ts'
import { timestamp } from '../core/clock.ts'
import { stepView } from '../core/node-view.ts'
import type { Flow, FlowStep } from '../core/node.ts'
import type { StepOutcome } from '../core/step.ts'
import type { Task } from '../core/task.ts'
import { planFlow } from '../steps/plan.ts'
import { stepFor } from '../steps/table.ts'
import type { Work } from '../store/store.ts'
import { advance } from './advance.ts'
import { failFlow, finishFailure } from './failure.ts'
import { finishFlow } from './finish.ts'
import { stepEvent } from './step-event.ts'
import type { ProvisionParts } from './parts.ts'
import { refuseToGoOn } from './refuse-to-go-on.ts'

const mostAttempts = 5
const busyPauseMs = 5_000

/**
 * Runs a node's flow, step by step, until it waits, ends or fails. Where it stands is written before each effect, so
 * that it can be called again after a crash at any place.
 */
export async function runFlow(task: Task, work: Work, parts: ProvisionParts): Promise<void> {
  try {
    while (await runOnce(task, work, parts));
  } catch (error) {
    if (mustLeave(error, task)) throw error
    await failFlow(task, work, error, parts)
  }
}

/** One turn; true when there is more to do now. */
async function runOnce(task: Task, work: Work, parts: ProvisionParts): Promise<boolean> {
  const flow = task.node.internal.flow
  if (!flow) {
    await task.save({}, { close: { work_id: work.id } })
    return false
  }
  if (flow.failing) {
    await finishFailure(task, work, parts)
    return false
  }
  refuseToGoOn(task, flow)
  if (flow.phase === 'finished' && flow.index + 1 >= planned(task, flow).length) return finishFlow(task, work, parts)
  const outcome = await runStep(task, parts)
  return settle(task, work, outcome, parts)
}

// A kind that has just begun learns its steps from the node's drivers.
function planned(task: Task, flow: Flow): FlowStep[] {
  return flow.index < 0 && flow.steps.length === 0 && !flow.agent_steps_known ? planFlow(task, flow) : flow.steps
}

async function runStep(task: Task, parts: ProvisionParts): Promise<StepOutcome> {
  const resuming = task.node.internal.flow?.phase === 'waiting'
  if (!resuming) await begin(task)
  const flow = task.node.internal.flow
  const current = flow?.steps[flow.index]
  const step = flow && current && stepFor(task, flow.kind, current, parts.settings)
  if (!step) throw new Fault('bug', `no driver of this node knows the step ${current?.interface}.${current?.step}`)
  try {
    if (!resuming) return await step.run(task)
    return step.resume ? await step.resume(task) : { done: true }
  } catch (error) {
    if (!isFault(error, 'agent_busy')) throw error
    task.log.info({ step: step.step }, 'the agent is busy; the step is tried again')
    return { again_in_ms: busyPauseMs }
  }
}

/** Records that the next step is begun, or this one begun again, before any of its effects. */
async function begin(task: Task): Promise<void> {
  const { flow } = task.node.internal
  if (!flow) return
  const again = flow.phase === 'started'
  const attempt = again ? flow.attempt + 1 : 1
  const steps = planned(task, flow)
  const index = again ? flow.index : flow.index + 1
  if (attempt > mostAttempts) {
    throw new Fault('step_failed', `the step was interrupted ${mostAttempts} times and is not tried again`)
  }
  const step_started_at = again ? flow.step_started_at : timestamp(task.clock.now())
  const begun: Flow = { ...flow, steps, index, phase: 'started', attempt, step_started_at, deadline: null }
  const step = steps[index]
  task.log.info({ flow: flow.kind, step: step?.step, attempt }, 'step started')
  await task.save(
    { ...shownStep(begun, step), internal: { flow: begun } },
    { events: [stepEvent(task, begun, 'started')] },
  )
}

function shownStep(flow: Flow, step: FlowStep | undefined) {
  const view = step && !step.internal ? stepView(step) : {}
  if (flow.kind === 'deploy') return { deploy_step: view }
  if (flow.kind === 'service') return { service_step: view }
  return flow.kind === 'clean' ? { clean_step: view } : {}
}

/** Records how the step ended for now. True when the flow goes on at once. */
async function settle(task: Task, work: Work, outcome: StepOutcome, parts: ProvisionParts): Promise<boolean> {
  const { flow } = task.node.internal
  if (!flow) return false
  if ('done' in outcome) {
    const { waiting_for: _done, ...rest } = flow
    const finished: Flow = { ...rest, phase: 'finished' }
    const event = stepEvent(task, finished, 'finished')
    task.log.info({ flow: flow.kind, step: flow.steps[flow.index]?.step }, 'step finished')
    await task.save({ internal: { flow: finished } }, { events: [event] })
    return true
  }
  if ('again_in_ms' in outcome) {
    const due_at = new Date(task.clock.now().getTime() + outcome.again_in_ms)
    await task.save({}, { again: { work_id: work.id, due_at } })
    return false
  }
  await letGo(task, work, flow, outcome)
  parts.watch(task.node.uuid)
  return false
}

/** The node is free while its agent works, or until an operator lets it go on. */
async function letGo(task: Task, work: Work, flow: Flow, outcome: Waiting): Promise<void> {
  const waiting: Flow =
    'hold' in outcome ? { ...flow, phase: 'held' } : { ...flow, phase: 'waiting', waiting_for: outcome.wait_for_agent }
  const { set, events } = advance(task.node, 'hold' in outcome ? 'hold' : 'wait', task.clock)
  await task.save(
    { ...set, internal: { flow: waiting } },
    { close: { work_id: work.id }, events: [stepEvent(task, waiting, 'waiting'), ...events] },
  )
}

type Waiting = Extract<StepOutcome, { hold: true } | { wait_for_agent: unknown }>
