import type { InspectionRuleRecord, RuleOperation } from '@ferrite/shared/contracts/inspection-rules'
import { Fault } from '@ferrite/shared/fault'
import type { Inspection } from '../inspection.ts'
import { actions } from './actions.ts'
import { conditions } from './conditions.ts'
import { filledIn, named, type Scope } from './values.ts'

/** Runs the operators' rules of a phase, in their order: the actions of each whose conditions all hold. */
export async function applyRules(inspection: Inspection, phase: 'preprocess' | 'main'): Promise<void> {
  for (const rule of await inspection.findings.rules(phase)) {
    try {
      if (!rule.conditions.every((one) => holds(inspection, one))) continue
      inspection.task.log.info({ rule: rule.uuid }, 'inspection rule applies')
      for (const one of rule.actions) await act(inspection, one)
    } catch (cause) {
      throw new Fault('step_failed', `inspection rule ${nameOf(rule)} failed`, {
        cause: rule.sensitive ? undefined : cause,
      })
    }
  }
}

const nameOf = ({ uuid, description, sensitive }: InspectionRuleRecord): string =>
  description && !sensitive ? `${uuid} (${description})` : uuid

function holds(inspection: Inspection, operation: RuleOperation): boolean {
  const negated = operation.op.startsWith('!')
  const op = operation.op.replace(/^!\s*/, '')
  const known = Object.hasOwn(conditions, op) ? conditions[op] : undefined
  if (!known) throw new Fault('unsupported', `there is no condition "${op}"`)
  const results = scopes(inspection, operation).map(
    (scope) => known.test(named(known.args, filledIn(operation.args, scope, op === 'is-empty'))) !== negated,
  )
  if (operation.loop === undefined || operation.loop === null) return results[0] ?? false
  switch (operation.multiple) {
    case 'all':
      return results.every(Boolean)
    case 'first':
      return results[0] ?? false
    case 'last':
      return results.at(-1) ?? false
    default:
      return results.some(Boolean)
  }
}

async function act(inspection: Inspection, operation: RuleOperation): Promise<void> {
  const known = Object.hasOwn(actions, operation.op) ? actions[operation.op] : undefined
  if (!known) throw new Fault('unsupported', `there is no action "${operation.op}"`)
  for (const scope of scopes(inspection, operation)) {
    await known.run(inspection, named(known.args, filledIn(operation.args, scope)))
  }
}

/** What `{…}` may stand for: once, or for each item of a list. An object is one item. */
function scopes({ task, draft, inventory, plugin }: Inspection, { loop }: RuleOperation): Scope[] {
  const base = { node: { ...task.node, ...draft, internal: undefined }, inventory, plugin_data: plugin }
  if (loop === undefined || loop === null) return [base]
  const items: unknown[] = Array.isArray(loop) ? loop : [loop]
  return items.map((item) => ({ ...base, item: filledIn(item, base) }))
}
