import { z } from 'zod'
import { bag, shortText, time, uuid, type RecordOf, type ResourceFields } from './resource-fields.ts'

const word = shortText.min(1)

// oxfmt-ignore
export const volumeConnectorFields = {
  uuid:         { since: 32, schema: uuid, create: true, short: true, initial: null },
  node_uuid:    { since: 32, schema: uuid, create: true, patch: true, required: true, short: true, initial: null },
  type:         { since: 32, schema: z.string().min(1).max(32), create: true, patch: true, required: true, short: true, initial: null },
  connector_id: { since: 32, schema: word, create: true, patch: true, required: true, short: true, initial: null },
  extra:        { since: 32, schema: bag, create: true, patch: true, initial: {} },
  created_at:   { since: 32, schema: time, initial: null },
  updated_at:   { since: 32, schema: time, initial: null },
} as const satisfies ResourceFields
/** A name by which a storage system knows the node: an initiator, a host adapter. */
export type VolumeConnectorRecord = RecordOf<typeof volumeConnectorFields>

// oxfmt-ignore
export const volumeTargetFields = {
  uuid:        { since: 32, schema: uuid, create: true, short: true, initial: null },
  node_uuid:   { since: 32, schema: uuid, create: true, patch: true, required: true, short: true, initial: null },
  volume_type: { since: 32, schema: z.string().min(1).max(64), create: true, patch: true, required: true, short: true, initial: null },
  boot_index:  { since: 32, schema: z.int(), create: true, patch: true, required: true, short: true, initial: null },
  volume_id:   { since: 32, schema: word, create: true, patch: true, required: true, short: true, initial: null },
  properties:  { since: 32, schema: bag, create: true, patch: true, sealed: true, initial: {} },
  extra:       { since: 32, schema: bag, create: true, patch: true, initial: {} },
  created_at:  { since: 32, schema: time, initial: null },
  updated_at:  { since: 32, schema: time, initial: null },
} as const satisfies ResourceFields
/** A volume that the node is to use; `boot_index` 0 is booted from. */
export type VolumeTargetRecord = RecordOf<typeof volumeTargetFields>
