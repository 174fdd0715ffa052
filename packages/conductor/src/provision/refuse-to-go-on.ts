import { Fault } from '@ferrite/shared/fault'
import type { Flow } from '../core/node.ts'
import { abortedText } from './verbs/abort.ts'
import type { Task } from '../core/task.ts'

/** Fault when a flow must end before its next step: an abort was asked for, or a stranger claims to be the machine. */
export function refuseToGoOn({ node }: Task, flow: Flow): void {
  if (flow.abort_requested && flow.phase === 'finished') {
    throw new Fault('aborted', abortedText(flow))
  }
  const thief = node.internal.agent?.contended_by
  if (thief && (flow.kind !== 'deploy' || !node.internal.written)) {
    throw new Fault(
      'forbidden',
      `two machines claimed to be this node (${node.internal.agent?.looked_up_from} and ${thief}); nothing secret was sent`,
    )
  }
}
