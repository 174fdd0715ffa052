import { volumeConnectorFields, volumeTargetFields } from '@ferrite/shared/contracts/volumes'
import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import { resource } from './resource.ts'

export const volumeConnectors = resource({
  kind: 'volume_connectors',
  noun: 'volume connector',
  title: 'Volume connector',
  fields: volumeConnectorFields,
  named: false,
  check: ({ isNew, node }) => (isNew ? undefined : needsPowerOff(node, 'volume connector update')),
  checkRemoval: (_record, node) => needsPowerOff(node, 'volume connector deletion'),
})

export const volumeTargets = resource({
  kind: 'volume_targets',
  noun: 'volume target',
  title: 'Volume target',
  fields: volumeTargetFields,
  named: false,
  check: ({ isNew, node }) => (isNew ? undefined : needsPowerOff(node, 'volume target update')),
  checkRemoval: (_record, node) => needsPowerOff(node, 'volume target deletion'),
})

/** A machine that runs may be using its volumes. One whose power is unknown has none that could be lost. */
function needsPowerOff(node: NodeRecord | undefined, action: string): void {
  if (!node || node.power_state === 'power off') return
  if (node.power_state === null && action.endsWith('deletion')) return
  throw new Fault(
    'invalid_transition',
    `The requested action "${action}" can not be performed on node "${node.uuid}" while it is in state "${node.power_state ?? 'None'}".`,
  )
}
