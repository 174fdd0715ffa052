import { z } from 'zod'
import { link } from '@ferrite/shared/contracts/nodes'

/** Shapes of answers, for documentation. Fields depend on the microversion, so they are loose. */
export const nodeAnswer = z.looseObject({ uuid: z.string(), links: z.array(link) })
export const portAnswer = z.looseObject({ uuid: z.string(), address: z.string(), links: z.array(link) })
export const listAnswer = <T extends z.ZodType>(name: string, item: T) =>
  z.looseObject({ [name]: z.array(item), next: z.string().optional() })
export const looseAnswer = z.looseObject({})
