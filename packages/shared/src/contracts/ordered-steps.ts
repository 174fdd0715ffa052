import { z } from 'zod'
import { bag } from './resource-fields.ts'
import { stepInterface } from './steps.ts'

const number = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
])

/** A step of a deploy template. All four are required. */
export const templateStep = z.strictObject({
  interface: stepInterface,
  step: z.string().min(1).max(255),
  args: bag,
  priority: number,
})
export type TemplateStep = z.infer<typeof templateStep>

/** A step of a runbook: run in rising `order`. */
export const runbookStep = z.strictObject({
  interface: stepInterface,
  step: z.string().min(1).max(255),
  args: bag.default({}),
  order: number,
})
export type RunbookStep = z.infer<typeof runbookStep>
