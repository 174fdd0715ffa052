import type { NodeInternal, NodeRecord } from '../../core/node.ts'
import type { VolumeTargetRecord } from '@ferrite/shared/contracts/volumes'
import { allows } from './policies.ts'
import type { Principal } from './principal.ts'

const text = (field: string): string => `** Redacted - requires baremetal:node:get:${field} permission. **`

/** What stands in the place of facts that only the conductor keeps; the view knows it by identity. */
export const hiddenInternal: NodeInternal = Object.freeze({})
/** What a caller reads in `driver_internal_info` who may not see it. */
export const hiddenInternalView = { content: text('driver_internal_info') }

/** Fields that a lessee's request never even holds, so that no view of them can show them. */
export const hiddenFields: readonly string[] = ['driver_info', 'driver_internal_info', 'last_error', 'reservation']

/** The node as this caller may have it, judged by the whole record, whatever fields were asked for. */
export function redactedNode(node: NodeRecord, who: Principal): NodeRecord {
  if (allows('baremetal:node:get:restricted_fields', who, node)) return node
  return {
    ...node,
    driver_info: { content: text('driver_info') },
    last_error: node.last_error === null ? null : text('last_error'),
    reservation: node.reservation === null ? null : text('reservation'),
    reservation_purpose: null,
    internal: hiddenInternal,
  }
}

export function redactedTarget(target: VolumeTargetRecord, who: Principal): VolumeTargetRecord {
  if (allows('baremetal:volume:view_target_properties', who)) return target
  const content = '** Value redacted: requires permission baremetal:volume:view_target_properties access. **'
  return { ...target, properties: { redacted_contents: content } }
}
