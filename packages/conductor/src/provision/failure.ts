import { explain, isFault } from '@ferrite/shared/fault'
import { maskedText } from '@ferrite/shared/redact'
import { states } from '@ferrite/shared/provision'
import type { Flow, NodeChanges } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { withoutRescuePassword } from '../steps/rescue/rescue.ts'
import type { Work } from '../store/store.ts'
import { advance } from './advance.ts'
import { cleanUpBehind } from './clean-up.ts'
import { historyType } from './history-type.ts'
import type { ProvisionParts } from './parts.ts'
import { stepEvent } from './step-event.ts'

/** The one way a flow fails: the reason is written first, then what was begun is cleaned up, then the state moves. */
export async function failFlow(task: Task, work: Work, error: unknown, parts: ProvisionParts): Promise<void> {
  const { flow } = task.node.internal
  if (!flow) throw error
  const aborted = isFault(error, 'aborted')
  const last_error = maskedText(aborted ? explain(error) : describe(task, flow, error))
  const failing: Flow = { ...flow, failing: { last_error, step_failed: flow.index >= 0, aborted } }
  task.log.error({ flow: flow.kind, step: flow.steps[flow.index]?.step, err: error }, 'flow failed')
  await task.save(
    { last_error, internal: { flow: failing } },
    { events: [stepEvent(task, flow, 'failed', last_error)] },
  )
  await finishFailure(task, work, parts)
}

const titles: Record<string, string> = { deploy: 'Deploy', clean: 'Clean', service: 'Service' }

const prefixes: Record<string, string> = {
  inspect: 'Failed to inspect hardware. Reason: ',
  rescue: 'Failed to rescue: ',
  unrescue: 'Failed to unrescue: ',
  adopt: 'Error while attempting to adopt node: ',
}

/** `Deploy step deploy.write_image failed on node U. <cause>`, as Ironic words it. */
function describe({ node }: Task, flow: Flow, error: unknown): string {
  const step = flow.steps[flow.index]
  const cause = explain(error)
  if (isFault(error, 'timeout') || error === undefined) return cause
  if (!step || !titles[flow.kind]) return (prefixes[flow.kind] ?? '') + cause
  if (step.internal) return `Failed to ${flow.kind} node ${node.uuid}, at ${step.step}: ${cause}`
  const name = `${step.interface}.${step.step}`
  return step.in_band || step.step === 'write_image'
    ? `${titles[flow.kind]} step ${name} failed on node ${node.uuid}. ${cause}`
    : `${titles[flow.kind]} step ${name} failed: ${cause}`
}

/** Cleans up behind a flow that has failed, as far as possible, and moves the node to its failed state. */
export async function finishFailure(task: Task, work: Work, parts: ProvisionParts): Promise<void> {
  const { flow } = task.node.internal
  if (!flow?.failing) return
  const clean = await cleanUpBehind(task, flow, parts)
  const { last_error, aborted } = flow.failing
  const moved = states[task.node.provision_state].on.fail
    ? advance(task.node, 'fail', task.clock, { last_error })
    : { set: { last_error }, events: [] }
  const agent = { epoch: task.node.internal.agent?.epoch ?? 0 }
  await task.save(
    {
      ...moved.set,
      ...afterFailure(task, flow, clean),
      deploy_step: {},
      clean_step: {},
      service_step: {},
      internal: { flow: undefined, agent, agent_steps: undefined, written: undefined },
    },
    {
      close: { work_id: work.id },
      events: moved.events,
      history: [
        {
          severity: 'ERROR',
          event_type: historyType(flow.kind),
          event: last_error,
          state: task.node.provision_state,
          target_provision_state: task.node.target_provision_state,
        },
      ],
    },
  )
  if (aborted) task.log.info({ flow: flow.kind }, 'flow aborted by request')
}

/** What a failure leaves behind: nobody may have such a machine before a person has looked at it. */
function afterFailure(task: Task, flow: Flow, clean: boolean): NodeChanges {
  const { kind, failing } = flow
  const rescue = kind === 'rescue' ? { instance_info: withoutRescuePassword(task) } : {}
  const maintenance_reason = failing?.last_error ?? null
  if (failing?.aborted) {
    return kind === 'rescue' && !clean
      ? { ...rescue, maintenance: true, maintenance_reason, fault: 'rescue abort failure' }
      : rescue
  }
  // A ramdisk that did not come has touched nothing: the node can be tried again as it is.
  const untouched = flow.index <= 0 && flow.steps[flow.index]?.internal === true && !flow.replans
  if (untouched && clean) return rescue
  // Its disks may hold another's data, or its instance is not running.
  const fault = kind === 'clean' ? 'clean failure' : kind === 'service' ? 'service failure' : undefined
  return fault ? { maintenance: true, maintenance_reason, fault } : rescue
}
