import { z } from 'zod'
import { inWords } from '../in-words.ts'

/**
 * A field of a resource: the microversion that shows it, its type, who may write it, and its value when nobody has.
 * `required`: a new one must name it. `short`: lists show it without being asked. `sealed`: may hold secrets, so it is
 * encrypted at rest.
 */
export type ResourceField = {
  since: number
  schema: z.ZodType
  create?: true
  patch?: true
  required?: true
  short?: true
  sealed?: true
  initial: unknown
}
export type ResourceFields = Readonly<Record<string, ResourceField>>
export type RecordOf<F extends ResourceFields> = { [K in keyof F]: z.infer<F[K]['schema']> }

export const bag = z.record(z.string(), z.unknown())
export const time = z.string().nullable()
export const uuid = z.guid()
export const shortText = z.string().max(255)

/** The trait of a node: one of one's own, or one of the families of the os-traits library. */
export const traitPattern = /^(CUSTOM|HW|COMPUTE|STORAGE|MISC|OWNER)_[A-Z0-9_]{1,240}$/
export const trait = z
  .string()
  .max(255)
  .regex(traitPattern, {
    error: (issue) => `'${inWords(issue.input, 255)}' is no standard trait and does not match '^CUSTOM_[A-Z0-9_]+$'`,
  })
