import { bag, shortText, time, uuid, type RecordOf, type ResourceFields } from './resource-fields.ts'

// oxfmt-ignore
export const chassisFields = {
  uuid:        { since: 1, schema: uuid, create: true, short: true, initial: null },
  description: { since: 1, schema: shortText.nullable(), create: true, patch: true, short: true, initial: null },
  extra:       { since: 1, schema: bag, create: true, patch: true, initial: {} },
  created_at:  { since: 1, schema: time, initial: null },
  updated_at:  { since: 1, schema: time, initial: null },
} as const satisfies ResourceFields
/** A group of nodes, as racks are. */
export type ChassisRecord = RecordOf<typeof chassisFields>
