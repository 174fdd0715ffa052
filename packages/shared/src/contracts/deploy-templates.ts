import { z } from 'zod'
import { templateStep } from './ordered-steps.ts'
import { bag, shortText, time, trait, uuid, type RecordOf, type ResourceFields } from './resource-fields.ts'

// oxfmt-ignore
export const deployTemplateFields = {
  uuid:        { since: 55, schema: uuid, create: true, short: true, initial: null },
  name:        { since: 55, schema: trait, create: true, patch: true, required: true, short: true, initial: null },
  steps:       { since: 55, schema: z.array(templateStep).min(1), create: true, patch: true, required: true, sealed: true, initial: [] },
  extra:       { since: 55, schema: bag, create: true, patch: true, initial: {} },
  description: { since: 112, schema: shortText.nullable(), create: true, patch: true, initial: null },
  created_at:  { since: 55, schema: time, initial: null },
  updated_at:  { since: 55, schema: time, initial: null },
} as const satisfies ResourceFields
/** Deploy steps that go with a trait: an instance that asks for the trait gets them. */
export type DeployTemplateRecord = RecordOf<typeof deployTemplateFields>
