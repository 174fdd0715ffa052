import { isWaiting } from '@ferrite/shared/provision'
import { Fault } from '@ferrite/shared/fault'
import type { Task } from '../core/task.ts'
import type { Work } from '../store/store.ts'
import { failFlow, finishFailure } from './failure.ts'
import { runFlow } from './flow.ts'
import type { ProvisionParts } from './parts.ts'
import { resumeFlow } from './resume.ts'
import { changePower } from './change-power.ts'

/** What each kind of work does. */
export const workOn: Record<Work['kind'], (task: Task, work: Work, parts: ProvisionParts) => Promise<void>> = {
  provision: runFlow,
  resume: resumeFlow,
  power: changePower,
  fail: failWaiting,
}

/** A wait that is over without success: timeout, a dead agent, an abort. A flow that has gone on meanwhile is left alone. */
async function failWaiting(task: Task, work: Work, parts: ProvisionParts): Promise<void> {
  const { flow } = task.node.internal
  if (flow?.failing) return finishFailure(task, work, parts)
  if (!flow || !isWaiting(task.node.provision_state)) return task.save({}, { close: { work_id: work.id } })
  const why = work.args['reason']
  await failFlow(task, work, new Fault('timeout', typeof why === 'string' ? why : 'the wait was ended'), parts)
}
