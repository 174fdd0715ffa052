import { z } from 'zod'
import { stepInterface } from '@ferrite/shared/contracts/steps'
import { Fault } from '@ferrite/shared/fault'
import type { FlowStep } from '../core/node.ts'

const priority = z.union([z.int().min(0), z.string().regex(/^\d+$/).transform(Number)])
const userStep = z.strictObject({
  interface: stepInterface,
  step: z.string().min(1),
  args: z.record(z.string(), z.unknown()).nullish(),
  priority: priority.optional(),
  order: priority.optional(),
})

/** Steps that an operator ordered, as a flow keeps them. Fault invalid names the first that is wrong. */
export function flowSteps(given: readonly unknown[]): FlowStep[] | undefined {
  if (given.length === 0) return undefined
  return given.map((one, index) => {
    const parsed = userStep.safeParse(one)
    if (!parsed.success) {
      throw new Fault('invalid', `Invalid steps: number ${index + 1}: ${parsed.error.issues[0]?.message}`)
    }
    const { interface: type, step, args, priority = 0 } = parsed.data
    return { interface: type, step, priority, in_band: true, ...(args ? { args } : {}) }
  })
}
