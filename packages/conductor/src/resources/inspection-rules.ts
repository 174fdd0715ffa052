import { inspectionRuleFields, type InspectionRuleRecord } from '@ferrite/shared/contracts/inspection-rules'
import { Fault } from '@ferrite/shared/fault'
import { resource } from './resource.ts'
import { checkOperations } from './rule-operators.ts'

const rules = resource({
  kind: 'inspection_rules',
  noun: 'inspection rule',
  title: 'Rule',
  fields: inspectionRuleFields,
  named: false,
  check({ record }) {
    checkOperations(record.conditions, 'condition')
    checkOperations(record.actions, 'action')
  },
})

export const inspectionRules: typeof rules = {
  ...rules,
  async patch(context, record, body, microversion) {
    if (record.sensitive && unsets(body)) {
      throw new Fault('invalid', "Couldn't apply patch: inspection rules cannot have the sensitive flag unset.")
    }
    return rules.patch(context, record, body, microversion)
  },
}

/** What was hidden must not be shown by a patch. */
const unsets = (body: unknown): boolean =>
  Array.isArray(body) &&
  body.some((one: unknown) => {
    const { path, op, value } = (one ?? {}) as Record<string, unknown>
    return path === '/sensitive' && (op === 'remove' || value !== true)
  })

/** As it is shown: of a sensitive rule, nothing of what it looks for and does. */
export const shownRule = (rule: InspectionRuleRecord): Record<string, unknown> =>
  rule.sensitive ? { ...rule, conditions: null, actions: null } : rule
