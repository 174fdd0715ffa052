import type { ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type { ProvisionVerb } from '@ferrite/shared/provision'
import type { NodeRecord } from '../core/node.ts'
import { deployTemplatesFor } from '../resources/deploy-templates.ts'
import { approvedRunbook } from '../resources/runbooks.ts'
import type { Store } from '../store/store.ts'

const runbooksSince = 92

/** The request with a runbook's steps in the place of its name. Fault invalid unless it is approved for the node. */
export async function withRunbook(
  store: Store,
  node: NodeRecord,
  verb: ProvisionVerb,
  body: ProvisionRequest,
  microversion: number,
): Promise<ProvisionRequest> {
  const { runbook: ident, ...rest } = body
  if (ident === undefined || ident === null) return body
  if (microversion < runbooksSince) {
    throw new Fault(
      'not_acceptable',
      `Request not acceptable. The minimal required API version should be 1.${runbooksSince}`,
    )
  }
  if (verb !== 'clean' && verb !== 'service') {
    throw new Fault('invalid', '"runbook" is only valid when setting target provision state to clean or service')
  }
  const given = [rest.clean_steps, rest.service_steps, rest.deploy_steps]
  if (given.some((steps) => steps !== undefined && steps !== null) || typeof rest.disable_ramdisk === 'boolean') {
    throw new Fault('invalid', 'a runbook brings its own steps and disable_ramdisk; give either it or them')
  }
  const runbook = await approvedRunbook(store, node, { ident, microversion })
  const steps = runbook.steps.toSorted((a, b) => a.order - b.order)
  return {
    ...rest,
    [verb === 'clean' ? 'clean_steps' : 'service_steps']: steps,
    ...(runbook.disable_ramdisk ? { disable_ramdisk: true } : {}),
  }
}

type Named = { interface?: unknown; step?: unknown }

/** The steps of a deploy: those of the templates that go with the instance's traits, and the operator's, which replace them. */
export async function deployStepsFor(
  store: Store,
  { instance_info }: NodeRecord,
  asked: readonly unknown[],
): Promise<readonly unknown[]> {
  const { traits } = instance_info
  const named = Array.isArray(traits) ? traits.filter((trait) => typeof trait === 'string') : []
  const own = await deployTemplatesFor(store, named)
  const isAsked = (step: Named) =>
    asked.some((other) => (other as Named).interface === step.interface && (other as Named).step === step.step)
  return [...own.filter((step) => !isAsked(step)), ...asked]
}
