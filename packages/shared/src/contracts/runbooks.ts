import { z } from 'zod'
import { runbookStep } from './ordered-steps.ts'
import { bag, shortText, time, trait, uuid, type RecordOf, type ResourceFields } from './resource-fields.ts'

const name = shortText.regex(/^[A-Za-z0-9\-._~]+$/, 'must consist of letters, digits, "-", ".", "_" and "~"')

// oxfmt-ignore
export const runbookFields = {
  uuid:            { since: 92,  schema: uuid, create: true, short: true, initial: null },
  name:            { since: 92,  schema: name, create: true, patch: true, required: true, short: true, initial: null },
  steps:           { since: 92,  schema: z.array(runbookStep).min(1), create: true, patch: true, required: true, sealed: true, initial: [] },
  disable_ramdisk: { since: 92,  schema: z.boolean(), create: true, patch: true, initial: false },
  extra:           { since: 92,  schema: bag, create: true, patch: true, initial: {} },
  public:          { since: 92,  schema: z.boolean(), create: true, patch: true, initial: false },
  owner:           { since: 92,  schema: shortText.nullable(), create: true, patch: true, initial: null },
  description:     { since: 112, schema: shortText.nullable(), create: true, patch: true, initial: null },
  traits:          { since: 112, schema: z.array(trait), initial: [] },
  created_at:      { since: 92,  schema: time, initial: null },
  updated_at:      { since: 92,  schema: time, initial: null },
} as const satisfies ResourceFields
/** Steps for cleaning or servicing under a name, approved for the nodes that share a trait with it. */
export type RunbookRecord = RecordOf<typeof runbookFields>
