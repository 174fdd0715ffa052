import { Fault } from '@ferrite/shared/fault'
import type { Flow, NodeRecord } from '../../core/node.ts'
import { advance } from '../advance.ts'
import { begin, type Asked, type Change } from '../begin.ts'
import { impossible } from '../check-verb.ts'
import type { ProvisionParts } from '../parts.ts'

/** The state moves now; the cleaning up behind it is work. A step that must not be interrupted ends first. */
export function abort(parts: ProvisionParts, asked: Asked): Change {
  const { node, caller } = asked
  if (node.provision_state === 'service failed') return giveUpService(parts, asked)
  const { flow } = node.internal
  if (!flow) throw impossible(node, 'abort')
  if (mustEndFirst(flow)) return { set: { internal: { ...node.internal, flow: { ...flow, abort_requested: true } } } }
  const last_error = abortedText(flow)
  const { set, events } = advance(node, 'abort', parts.clock, { last_error })
  return {
    set: {
      ...set,
      internal: { ...node.internal, flow: { ...flow, failing: { last_error, step_failed: false, aborted: true } } },
    },
    open: { kind: 'fail', args: {}, purpose: 'abort', request_id: caller.request_id },
    events,
  }
}

function mustEndFirst(flow: Flow): boolean {
  const step = flow.steps[flow.index]
  const mayNot = flow.kind === 'clean' || flow.kind === 'service'
  return mayNot && flow.phase === 'waiting' && step?.in_band === true && step.abortable !== true
}

/** What Ironic says of a flow that was ended by request. */
export function abortedText(flow: Flow): string {
  if (flow.kind === 'inspect') return 'Inspection was aborted by request.'
  const step = flow.steps[flow.index]
  const where = step ? ` during or after the completion of step "${step.interface}.${step.step}"` : ''
  return `By request, the ${flow.kind} operation was aborted${where}`
}

/** After a service that failed: the instance is started again. */
function giveUpService(parts: ProvisionParts, asked: Asked): Change {
  const { node } = asked
  if (node.maintenance) refuseInMaintenance(node)
  return begin(parts, asked, 'service', { flow: { no_ramdisk: true, restores: true } })
}

function refuseInMaintenance({ uuid }: NodeRecord): never {
  throw new Fault(
    'invalid_state',
    `Can not abort service on node "${uuid}" while it is in maintenance mode. Please remove the node from maintenance prior to issuing the request to abort the service operation.`,
  )
}
