import { z } from 'zod'
import { mac } from './ports.ts'
import { bag, shortText, time, uuid, type RecordOf, type ResourceFields } from './resource-fields.ts'

// oxfmt-ignore
export const portgroupFields = {
  uuid:                       { since: 23,  schema: uuid, create: true, short: true, initial: null },
  address:                    { since: 23,  schema: mac.nullable(), create: true, patch: true, short: true, initial: null },
  name:                       { since: 23,  schema: shortText.nullable(), create: true, patch: true, short: true, initial: null },
  node_uuid:                  { since: 23,  schema: uuid, create: true, patch: true, required: true, initial: null },
  extra:                      { since: 23,  schema: bag, create: true, patch: true, initial: {} },
  internal_info:              { since: 23,  schema: bag, initial: {} },
  standalone_ports_supported: { since: 23,  schema: z.boolean(), create: true, patch: true, initial: true },
  mode:                       { since: 26,  schema: z.string().min(1).max(255), create: true, patch: true, initial: 'active-backup' },
  properties:                 { since: 26,  schema: bag, create: true, patch: true, initial: {} },
  physical_network:           { since: 102, schema: z.string().max(64).nullable(), create: true, patch: true, initial: null },
  category:                   { since: 103, schema: z.string().max(80).nullable(), create: true, patch: true, initial: null },
  dynamic_portgroup:          { since: 111, schema: z.boolean(), initial: false },
  created_at:                 { since: 23,  schema: time, initial: null },
  updated_at:                 { since: 23,  schema: time, initial: null },
} as const satisfies ResourceFields
/** Ports of a node that act as one (a bond). */
export type PortgroupRecord = RecordOf<typeof portgroupFields>
