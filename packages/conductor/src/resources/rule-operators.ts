import type { RuleOperation } from '@ferrite/shared/contracts/inspection-rules'
import { Fault } from '@ferrite/shared/fault'

type Signature = { required: readonly string[]; optional?: readonly string[] }

const compared: Signature = { required: ['values'], optional: ['force_strings'] }
const one: Signature = { required: ['value'] }
const matched: Signature = { required: ['value', 'regex'] }

/** What conditions may ask. With `!` before it, an operator is negated. */
// oxfmt-ignore
export const conditionOperators: Readonly<Record<string, Signature>> = {
  eq: compared, ne: compared, lt: compared, le: compared, gt: compared, ge: compared,
  'is-empty': one, 'is-none': one, 'is-true': one, 'is-false': one,
  'in-net': { required: ['address', 'subnet'] },
  matches: matched, contains: matched,
  'one-of': { required: ['value'], optional: ['values'] },
}

const attribute: Signature = { required: ['path', 'value'] }
const extended: Signature = { required: ['path', 'value'], optional: ['unique'] }

/** What actions may do. */
// oxfmt-ignore
export const actionOperators: Readonly<Record<string, Signature>> = {
  fail: { required: ['msg'] },
  log: { required: ['msg'], optional: ['level'] },
  'set-attribute': attribute, 'extend-attribute': extended, 'del-attribute': { required: ['path'] },
  'set-capability': { required: ['name', 'value'] }, 'unset-capability': { required: ['name'] },
  'add-trait': { required: ['name'] }, 'remove-trait': { required: ['name'] },
  'set-plugin-data': attribute, 'extend-plugin-data': extended, 'unset-plugin-data': { required: ['path'] },
  'set-port-attribute': { required: ['port_id', 'path', 'value'] },
  'extend-port-attribute': { required: ['port_id', 'path', 'value'], optional: ['unique'] },
  'del-port-attribute': { required: ['port_id', 'path'] },
  'api-call': { required: ['url'], optional: ['headers', 'proxies', 'timeout', 'retries', 'backoff_factor'] },
}

/** Fault invalid for an operator that is none, or arguments that it does not take. */
export function checkOperations(operations: readonly RuleOperation[], kind: 'condition' | 'action'): void {
  const known = kind === 'condition' ? conditionOperators : actionOperators
  for (const { op, args } of operations) {
    const name = kind === 'condition' ? op.replace(/^!\s*/, '') : op
    const signature = Object.hasOwn(known, name) ? known[name] : undefined
    if (!signature) throw new Fault('invalid', `Unsupported ${kind} operator: ${op.slice(0, 64)}`)
    const given = Object.keys(namedArgs(signature, args))
    const missing = signature.required.filter((arg) => !given.includes(arg))
    const known_args = [...signature.required, ...(signature.optional ?? [])]
    const foreign = given.filter((arg) => !known_args.includes(arg))
    const problems = [
      ...(missing.length > 0 ? [`missing required argument(s): ${missing.join(', ')}`] : []),
      ...(foreign.length > 0 ? [`unexpected argument(s): ${foreign.join(', ').slice(0, 255)}`] : []),
    ]
    if (problems.length > 0) {
      throw new Fault('invalid', `Invalid parameters for ${kind} operator ${op}: ${problems.join('; ')}`)
    }
  }
}

/** Arguments by name; a list gives them in the order of the signature. */
export function namedArgs(
  { required, optional = [] }: Signature,
  args: RuleOperation['args'],
): Record<string, unknown> {
  if (!Array.isArray(args)) return args
  const names = [...required, ...optional]
  return Object.fromEntries(args.map((value, at) => [names[at] ?? `argument ${at + 1}`, value]))
}
