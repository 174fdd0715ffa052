import { explain } from '@ferrite/shared/fault'
import { mustLeave } from '../core/must-leave.ts'
import type { Flow } from '../core/node.ts'
import type { Task } from '../core/task.ts'
import { ensurePower } from '../steps/power.ts'
import { restoreInstance } from '../steps/restore-instance.ts'
import type { ProvisionParts } from './parts.ts'

/** Cleans up behind a flow that has failed, as far as its kind asks for. False when something could not be done. */
export async function cleanUpBehind(task: Task, flow: Flow, parts: ProvisionParts): Promise<boolean> {
  const aborted = flow.failing?.aborted === true
  if (task.node.internal.agent?.url && !aborted) {
    await attempt(task, 'collect its logs', () => collectLogs(task, parts))
  }
  switch (flow.kind) {
    case 'deploy':
      return aborted || parts.powerOffAfterDeployFailure ? leave(task) : true
    case 'clean':
      return aborted ? leave(task) : true
    case 'service':
      return aborted && flow.ramdisk ? attempt(task, 'start the instance again', () => restoreInstance(task)) : true
    case 'rescue':
      return leave(task)
    case 'inspect':
      return flow.ramdisk ? leave(task) : true
    default:
      return true
  }
}

/** Power off, boot media out, off the networks. */
async function leave(task: Task): Promise<boolean> {
  if (task.node.disable_power_off) return true
  const off = await attempt(task, 'power the machine off', () => ensurePower(task, 'power off'))
  const clean = await attempt(task, 'clean up the ramdisk’s boot', () =>
    task.effect('clean up the ramdisk’s boot', () => task.interfaces.boot.cleanUpRamdisk(task)),
  )
  // A machine that still runs is left where it is: pulled off its network it could not be looked at.
  if (!off) return false
  const detached = await attempt(task, 'take the machine off its networks', () =>
    task.effect('take the machine off its networks', () => task.interfaces.network.detach(task)),
  )
  return clean && detached
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
    if (mustLeave(error, task)) throw error
    task.log.warn({ what, reason: explain(error) }, 'could not clean up behind a failed flow')
    return false
  }
}
