/**
 * One expression of a root device hint against one value of a disk, as in Ironic: `>= 100`, `s== x`, `<or> a <or> b`.
 * The first word is the operator; without one, numbers are compared with `==` and text with `s==`.
 */
export function matchesHint(expression: string, value: string | number): boolean {
  const text = expression.trim()
  const operator = operators.find((op) => text.startsWith(op))
  if (operator === undefined) return typeof value === 'number' ? Number(text) === value : fold(text) === fold(value)
  const rest = text.slice(operator.length).trim()
  return compare(operator, rest, value)
}

type Operator = (typeof operators)[number]

// Longer ones first: `=` begins `==`.
const operators = [
  '<range-in>',
  '<all-in>',
  '<in>',
  '<or>',
  's==',
  's!=',
  's>=',
  's<=',
  's>',
  's<',
  '==',
  '!=',
  '>=',
  '<=',
  '=',
  '>',
  '<',
] as const

const fold = (value: string | number): string => String(value).trim().toLowerCase()

function compare(operator: Operator, rest: string, value: string | number): boolean {
  if (operator === '<in>') return fold(value).includes(fold(rest))
  if (operator === '<or>') return parts(rest, '<or>').some((part) => isSame(part, value))
  if (operator === '<all-in>') return rest.split(/<all-in>|\s+/).every((part) => fold(value).includes(fold(part)))
  if (operator === '<range-in>') return inRange(rest, Number(value))
  return operator.startsWith('s')
    ? ordered(operator.slice(1), order(fold(value), fold(rest)))
    : ordered(operator === '=' ? '>=' : operator, Number(value) - Number(rest))
}

const parts = (rest: string, operator: string): string[] => rest.split(operator).map((part) => part.trim())

const isSame = (part: string, value: string | number): boolean =>
  typeof value === 'number' ? Number(part) === value : fold(part) === fold(value)

const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

function ordered(operator: string, difference: number): boolean {
  if (operator === '==') return difference === 0
  if (operator === '!=') return difference !== 0
  if (operator === '>=') return difference >= 0
  if (operator === '<=') return difference <= 0
  return operator === '>' ? difference > 0 : difference < 0
}

/** `[ 10 20 )`: square brackets include the end, round ones do not. */
function inRange(text: string, value: number): boolean {
  const match = /^([[(])\s*(\S+?)[\s,]+(\S+?)\s*([\])])$/.exec(text)
  if (!match) return false
  const [, open, low, high, close] = match
  const above = open === '[' ? value >= Number(low) : value > Number(low)
  return above && (close === ']' ? value <= Number(high) : value < Number(high))
}
