import type { z } from 'zod'

/** What a value has to be, without the words of the library that found out. */
export function inWords(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case 'invalid_type':
      return `expected ${issue.expected === 'int' ? 'a whole number' : withArticle(issue.expected)}`
    case 'too_small':
      return issue.origin === 'array' ? 'expected at least one value' : `expected ${issue.minimum} or more`
    case 'too_big':
      return `expected ${issue.maximum} or less`
    case 'invalid_value':
      return `expected one of ${issue.values.map(String).join(', ')}`
    default:
      return issue?.message ?? 'it is not valid'
  }
}

const withArticle = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`)

/** The known name that somebody who wrote `given` probably meant; undefined when none is near. */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  const ranked = [...known]
    .map((name) => ({ name, mistakes: mistakesBetween(given, name) }))
    .toSorted((a, b) => a.mistakes - b.mistakes)
  const [best] = ranked
  if (best && best.mistakes <= Math.max(1, Math.floor(given.length / 4))) return best.name
  const longer = given.length < 4 ? [] : ranked.filter(({ name }) => name.includes(given) || given.includes(name))
  return longer[0]?.name
}

/** How many letters have to be put in, taken out or changed to make one of the other (Levenshtein). */
function mistakesBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [i, letter] of Array.from(one).entries()) {
    const next = [i + 1]
    for (const [j, wanted] of Array.from(other).entries()) {
      const changed = (row[j] ?? 0) + (letter === wanted ? 0 : 1)
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
