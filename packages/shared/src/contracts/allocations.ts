import { z } from 'zod'
import { bag, shortText, time, trait, uuid, type RecordOf, type ResourceFields } from './resource-fields.ts'

export const allocationStates = ['allocating', 'active', 'error'] as const

// oxfmt-ignore
export const allocationFields = {
  uuid:            { since: 52, schema: uuid, create: true, initial: null },
  name:            { since: 52, schema: shortText.nullable(), create: true, patch: true, initial: null },
  node_uuid:       { since: 52, schema: uuid.nullable(), initial: null },
  state:           { since: 52, schema: z.enum(allocationStates), initial: 'allocating' },
  last_error:      { since: 52, schema: z.string().nullable(), initial: null },
  resource_class:  { since: 52, schema: z.string().max(80).nullable(), create: true, initial: null },
  traits:          { since: 52, schema: z.array(trait), create: true, initial: [] },
  candidate_nodes: { since: 52, schema: z.array(z.string().max(255)), create: true, initial: [] },
  extra:           { since: 52, schema: bag, create: true, patch: true, initial: {} },
  owner:           { since: 60, schema: shortText.nullable(), create: true, initial: null },
  created_at:      { since: 52, schema: time, initial: null },
  updated_at:      { since: 52, schema: time, initial: null },
} as const satisfies ResourceFields
/** A wish for a node of some kind, and the node that it got. */
export type AllocationRecord = RecordOf<typeof allocationFields>
