import { z } from 'zod'
import { stepInterface } from '@ferrite/shared/contracts/steps'
import { Fault } from '@ferrite/shared/fault'
import type { StepKind } from '../core/interfaces.ts'
import type { FlowStep } from '../core/node.ts'

const number = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
])
const name = z.string().min(1).max(255)
const args = z.record(z.string(), z.unknown())

const ordered = z.strictObject({
  interface: stepInterface,
  step: name,
  args: args.optional(),
  order: number.optional(),
  execute_on_child_nodes: z.boolean().optional(),
  limit_child_node_execution: z.array(z.guid()).optional(),
})
const byPriority = z.strictObject({ interface: stepInterface, step: name, args, priority: number })

/** Clean or service steps, in the order given. Fault invalid names the first that is wrong. */
export function orderedSteps(
  kind: 'clean' | 'service',
  given: readonly unknown[],
  disallowed: readonly string[] = [],
): FlowStep[] {
  return parsed(ordered, kind, given, disallowed).map((one) => {
    if (one.execute_on_child_nodes || one.limit_child_node_execution) {
      throw new Fault(
        'unsupported',
        `${kind} step ${one.interface}.${one.step}: steps on child nodes are not supported`,
      )
    }
    return flowStep(one, 0)
  })
}

/** Deploy steps, of a request or of deploy templates: all four fields are needed, and none comes twice. */
export function deploySteps(given: readonly unknown[], disallowed: readonly string[] = []): FlowStep[] {
  const steps = parsed(byPriority, 'deploy', given, disallowed).map((one) => flowStep(one, one.priority))
  const names = steps.map(({ interface: type, step }) => `${type}.${step}`)
  const twice = names.find((one, at) => names.indexOf(one) !== at)
  if (twice === undefined) return steps
  throw new Fault('invalid', `Invalid deploy_steps: the step ${twice} is given twice`)
}

type Given = { interface: FlowStep['interface']; step: string; args?: Record<string, unknown> | undefined }

function parsed<T extends Given>(
  schema: z.ZodType<T>,
  kind: StepKind,
  given: readonly unknown[],
  disallowed: readonly string[],
): T[] {
  const result = z.array(schema).safeParse(given)
  if (!result.success) {
    const [issue] = result.error.issues
    throw new Fault('invalid', `Invalid ${kind}_steps: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  for (const one of result.data) {
    const id = `${one.interface}.${one.step}`
    if (disallowed.includes(id)) {
      throw new Fault(
        'invalid',
        `${kind} step '${id}' is not allowed. Disallowed by operator configuration disallow_${kind}_steps.`,
      )
    }
    checkWait(kind, one)
  }
  return result.data
}

function checkWait(kind: StepKind, one: Given): void {
  const seconds = one.step === 'wait' ? one.args?.['seconds'] : undefined
  if (seconds === undefined || number.safeParse(seconds).success) return
  throw new Fault('invalid', `Invalid ${kind}_steps: the seconds of a wait must be a whole number`)
}

const flowStep = ({ interface: type, step, args: given }: Given, priority: number): FlowStep => ({
  interface: type,
  step,
  priority,
  in_band: true,
  ...(given ? { args: given } : {}),
})
