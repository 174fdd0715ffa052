import { Fault } from '@ferrite/shared/fault'
import { isBusy, provisionVerbs, states, type ProvisionVerb } from '@ferrite/shared/provision'
import type { NodeRecord } from '../core/node.ts'

/** What Ironic says of a verb that the state does not allow, or that nobody knows. */
export const impossible = (node: NodeRecord, target: string): Fault =>
  new Fault(
    'invalid_transition',
    `The requested action "${target}" can not be performed on node "${node.uuid}" while it is in state "${node.provision_state}".`,
  )

/** The verb, when this microversion knows it. Fault invalid_transition or not_acceptable. */
export function checkVerb(node: NodeRecord, target: string, microversion: number): ProvisionVerb {
  if (!Object.hasOwn(provisionVerbs, target)) throw impossible(node, target)
  const verb = target as ProvisionVerb
  const since = verb === 'abort' ? abortSince(node) : provisionVerbs[verb].since
  if (microversion < since) {
    throw new Fault('not_acceptable', `Request not acceptable. The minimal required API version should be 1.${since}`)
  }
  return verb
}

// The word is older than some of the states that it works in.
const abortSince = ({ provision_state }: NodeRecord): number =>
  provision_state === 'wait call-back' ? 110 : provision_state === 'inspect wait' ? 41 : provisionVerbs.abort.since

/** Verbs that a node in maintenance refuses, and what Ironic calls what they do. */
const operations: Partial<Record<ProvisionVerb, string>> = {
  active: 'provisioning',
  deploy: 'provisioning',
  rebuild: 'provisioning',
  clean: 'cleaning',
  service: 'service',
  rescue: 'rescuing',
  unrescue: 'unrescuing',
}

export function checkMaintenance(node: NodeRecord, verb: ProvisionVerb): void {
  const operation = operations[verb]
  if (!node.maintenance || !operation) return
  throw new Fault(
    'in_maintenance',
    `The ${operation} operation can't be performed on node ${node.uuid} because it's in maintenance mode.`,
  )
}

export function checkState(node: NodeRecord, verb: ProvisionVerb, target: string): void {
  if (states[node.provision_state].on[provisionVerbs[verb].event]) return
  if (node.reservation !== null || isBusy(node.provision_state)) {
    if (node.reservation === null) throw impossible(node, target)
    throw new Fault(
      'node_locked',
      `Node ${node.uuid} is locked by host ${node.reservation}, please retry after the current operation is completed.`,
      { final: true },
    )
  }
  throw impossible(node, target)
}

export function checkProtected(node: NodeRecord, verb: ProvisionVerb): void {
  if (!node.protected || !['rebuild', 'deleted', 'undeploy'].includes(verb)) return
  throw new Fault('protected', `Node ${node.uuid} is protected and can not be undeployed, rebuilt or deleted.`)
}
