import { explain, isFault } from '@ferrite/shared/fault'
import { maskedText } from '@ferrite/shared/redact'
import { states } from '@ferrite/shared/provision'
import type { Flow, NodeChanges } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { ensurePower } from '../steps/power.ts'
import type { Work } from '../store/store.ts'
import { advance } from './advance.ts'
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

const titles: Record<string, string> = { deploy: 'Deploy', clean: 'Clean' }

/** `Deploy step deploy.write_image failed on node U. <cause>`, as Ironic words it. */
function describe({ node }: Task, flow: Flow, error: unknown): string {
  const step = flow.steps[flow.index]
  const cause = explain(error)
  if (isFault(error, 'timeout') || !step || !titles[flow.kind] || error === undefined) return cause
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
  if (flow.kind === 'deploy' || flow.kind === 'clean') await cleanUp(task, flow, parts)
  const { last_error, aborted } = flow.failing
  const moved = states[task.node.provision_state].on.fail
    ? advance(task.node, 'fail', task.clock, { last_error })
    : { set: { last_error }, events: [] }
  const agent = { epoch: task.node.internal.agent?.epoch ?? 0 }
  await task.save(
    {
      ...moved.set,
      ...maintenanceAfter(flow),
      deploy_step: {},
      clean_step: {},
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

// A machine whose cleaning broke off may hold another's data: nobody may have it before a person has looked.
function maintenanceAfter({ kind, failing }: Flow): NodeChanges {
  if (kind !== 'clean' || !failing || failing.aborted) return {}
  return { maintenance: true, maintenance_reason: failing.last_error, fault: 'clean failure' }
}

async function cleanUp(task: Task, flow: Flow, parts: ProvisionParts): Promise<void> {
  if (task.node.internal.agent?.url && !flow.failing?.aborted)
    await attempt(task, 'collect its logs', () => collectLogs(task, parts))
  const powersOff = flow.failing?.aborted || (flow.kind === 'deploy' && parts.powerOffAfterDeployFailure)
  if (!powersOff || task.node.disable_power_off) return
  const off = await attempt(task, 'power the machine off', () => ensurePower(task, 'power off'))
  await attempt(task, 'clean up the ramdisk’s boot', () =>
    task.effect('clean up the ramdisk’s boot', () => task.interfaces.boot.cleanUpRamdisk(task)),
  )
  // A machine that still runs is left where it is: pulled off its network it could not be looked at.
  if (!off) return
  await attempt(task, 'take the machine off its networks', () =>
    task.effect('take the machine off its networks', () => task.interfaces.network.detach(task)),
  )
}

async function collectLogs(task: Task, parts: ProvisionParts): Promise<void> {
  const { system_logs } = await task.agent.run('log.collect_system_logs', {})
  const file = await parts.keepLogs(task.node.uuid, Buffer.from(system_logs, 'base64'))
  task.log.info({ file }, 'logs of the agent kept')
}

/** The failure is already known: what cannot be cleaned up is logged, not reported in its place. */
async function attempt(task: Task, what: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (isFault(error, 'lease_lost') || task.signal.aborted) throw error
    task.log.warn({ what, reason: explain(error) }, 'could not clean up behind a failed flow')
    return false
  }
}
