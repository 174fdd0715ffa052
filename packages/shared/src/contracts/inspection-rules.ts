import { z } from 'zod'
import { bag, shortText, time, uuid, type RecordOf, type ResourceFields } from './resource-fields.ts'

const args = z.union([bag, z.array(z.unknown())])
/** A condition or action: an operator and what it works on. `loop` repeats it over items, as `{item}`. */
export const ruleOperation = z.looseObject({
  op: z.string().min(1).max(64),
  args,
  loop: args.nullish(),
  multiple: z.enum(['any', 'all', 'first', 'last']).optional(),
})
export type RuleOperation = z.infer<typeof ruleOperation>

// oxfmt-ignore
export const inspectionRuleFields = {
  uuid:        { since: 96, schema: uuid, create: true, short: true, initial: null },
  priority:    { since: 96, schema: z.int().min(0, 'Priority cannot be negative for user-defined rules.').max(9999, 'Priority must be between 0 and 9999 for user-defined rules.'), create: true, patch: true, short: true, initial: 0 },
  phase:       { since: 96, schema: z.enum(['main', 'preprocess']), create: true, patch: true, short: true, initial: 'main' },
  description: { since: 96, schema: shortText.nullable(), create: true, patch: true, short: true, initial: null },
  sensitive:   { since: 96, schema: z.boolean(), create: true, patch: true, initial: false },
  conditions:  { since: 96, schema: z.array(ruleOperation), create: true, patch: true, sealed: true, initial: [] },
  actions:     { since: 96, schema: z.array(ruleOperation).min(1), create: true, patch: true, required: true, sealed: true, initial: [] },
  created_at:  { since: 96, schema: time, initial: null },
  updated_at:  { since: 96, schema: time, initial: null },
} as const satisfies ResourceFields
/** What to do to a node when its inspection finds something. */
export type InspectionRuleRecord = RecordOf<typeof inspectionRuleFields>
