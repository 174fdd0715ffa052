import { z } from 'zod'

// Types that settings are made of: each reads what a file says, and the text of an environment or a command line.
export const address = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^:]+):\d{1,5}$/, 'expected HOST:PORT, for example 127.0.0.1:6385 or [::1]:6385')
export const seconds = (value: number) => z.coerce.number().min(0).default(value)
export const bool = (value: boolean) =>
  z.union([z.boolean(), z.stringbool()], { error: 'expected true or false' }).default(value)

const split = (given: unknown): unknown =>
  typeof given === 'string'
    ? given
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean)
    : given
export const names = (value: string[]) => z.preprocess(split, z.array(z.string())).default(value)
export const oneOrMore = <const T extends readonly [string, ...string[]]>(of: T, value: T[number][]) =>
  z.preprocess(split, z.array(z.enum(of)).min(1)).default(value)
/** A rate; 0 is no limit. */
export const rate = (value: number) => z.coerce.number().min(0).default(value)
