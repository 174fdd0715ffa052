import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import { changeable } from './changeable.ts'

/** May the allocation be taken from its node now? In maintenance always. Fault invalid_state. */
export function checkRelease(node: NodeRecord, allocation: string): void {
  if (node.maintenance) return
  const moving = node.target_provision_state !== null && !changeable.has(node.provision_state)
  if (!moving && node.provision_state !== 'active') return
  const why = moving ? `is in state ${node.provision_state} where updates are not allowed` : 'is active'
  throw new Fault(
    'invalid_state',
    `Cannot remove allocation ${allocation} for node ${node.uuid}, because the node ${why} (and maintenance mode is off)`,
  )
}
