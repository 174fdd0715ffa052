import type { ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import { begin, type Asked, type Change } from '../begin.ts'
import type { RequestParts } from '../request-parts.ts'
import { orderedSteps } from '../user-steps.ts'

/** `provide`: automated cleaning, if it is wanted, then available. */
export async function provide(parts: RequestParts, asked: Asked): Promise<Change> {
  const { node } = asked
  if (node.retired) {
    throw new Fault('invalid', `The providing operation can't be performed on node ${node.uuid} because it is retired.`)
  }
  const wanted = node.automated_clean ?? parts.automatedClean
  if (wanted) await parts.validateFor(node, ['power', 'network'])
  return begin(parts, asked, 'clean', { flow: { agent_steps_known: !wanted } })
}

/** Steps in an operator's order, then manageable again. */
export async function clean(parts: RequestParts, asked: Asked, body: ProvisionRequest): Promise<Change> {
  await parts.validateFor(asked.node, ['power', 'network'])
  const user_steps = orderedSteps('clean', body.clean_steps ?? [], parts.disallowed?.clean)
  const flow = { user_steps, no_ramdisk: body.disable_ramdisk === true }
  return begin(parts, asked, 'clean', { flow, target: 'manageable' })
}

/** The same on a machine that has an instance, then active again. */
export async function service(parts: RequestParts, asked: Asked, body: ProvisionRequest): Promise<Change> {
  await parts.validateFor(asked.node, ['power', 'network'])
  const user_steps = orderedSteps('service', body.service_steps ?? [], parts.disallowed?.service)
  return begin(parts, asked, 'service', { flow: { user_steps, no_ramdisk: body.disable_ramdisk === true } })
}
