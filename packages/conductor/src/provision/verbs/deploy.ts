import type { ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type { FlowStep, NodeRecord } from '../../core/node.ts'
import { begin, type Asked, type Change } from '../begin.ts'
import { deployStepsFor } from '../ordered-steps.ts'
import type { RequestParts } from '../request-parts.ts'
import { deploySteps } from '../user-steps.ts'

/** A deployment, or the same again over what is there. */
export async function deploy(parts: RequestParts, asked: Asked, body: ProvisionRequest): Promise<Change> {
  const { node, verb } = asked
  checkTraits(node)
  const user_steps = await orderedSteps(parts, node, body)
  await parts.validateFor(node, ['power', 'deploy', 'network', 'storage'])
  const given = body.configdrive ?? configdriveOf(node)
  const keeps = verb === 'rebuild' && given === undefined
  const { configdrive: _moved, ...instance_info } = node.instance_info
  const change = begin(parts, asked, 'deploy', {
    set: { instance_info },
    flow: user_steps.length > 0 ? { user_steps } : {},
  })
  const configdrive = given === undefined ? null : await parts.buildConfigdrive(given, node)
  return keeps ? change : { ...change, configdrive }
}

/** The traits that an instance asks for must be the node's: templates go by them. */
function checkTraits({ instance_info, traits }: NodeRecord): void {
  const missing = askedTraits(instance_info).filter((trait) => !traits.includes(trait))
  if (missing.length === 0) return
  throw new Fault(
    'invalid',
    `Failed to validate deploy or power info: the node does not have these traits that instance_info asks for: ${missing.join(', ')}`,
  )
}

function askedTraits(info: Readonly<Record<string, unknown>>): string[] {
  const { traits } = info
  if (traits === undefined || traits === null) return []
  if (Array.isArray(traits) && traits.every((trait) => typeof trait === 'string')) return traits
  throw new Fault('invalid', 'instance_info/traits must be a list of strings')
}

async function orderedSteps(parts: RequestParts, node: NodeRecord, body: ProvisionRequest): Promise<FlowStep[]> {
  const own = deploySteps(body.deploy_steps ?? [], parts.disallowed?.deploy)
  const all = deploySteps(await deployStepsFor(parts.store, node, body.deploy_steps ?? []), parts.disallowed?.deploy)
  const core = own.find((step) => step.interface === 'deploy' && step.step === 'deploy' && step.priority > 0)
  if (!core) return all
  throw new Fault(
    'invalid',
    'deploy step deploy on interface deploy is a core step and cannot be overridden by user steps. It may be disabled by setting the priority to 0',
  )
}

/** Clients may also put the config drive into instance_info; it is moved out of the row. */
function configdriveOf({ instance_info }: NodeRecord): NonNullable<ProvisionRequest['configdrive']> | undefined {
  const given = instance_info['configdrive']
  if (typeof given === 'string' && given !== '') return given
  return typeof given === 'object' && given !== null ? given : undefined
}
