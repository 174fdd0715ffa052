import type { z } from 'zod'

/** What is wrong with a value, in the words that Ironic's clients (and their tests) look for. */
export function issueText(name: string, value: unknown, issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'wrong value'
  const at = issue.path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  )
  const shown = JSON.stringify(at ?? null).slice(0, 300)
  if (issue.code === 'invalid_format' && issue.format === 'guid') return `Expected UUID for ${name}: ${shown}`
  if (issue.code === 'too_big' && issue.origin !== 'number' && issue.origin !== 'int') return `${shown} is too long`
  if (issue.code === 'too_small' && issue.origin !== 'number' && issue.origin !== 'int') return `${shown} is too short`
  return issue.message
}
