import { BlockList, isIP } from 'node:net'
import { Fault } from '@ferrite/shared/fault'
import type { Bag } from '../inspection.ts'

type Condition = { args: readonly string[]; test(args: Bag): boolean }

const compares = (holds: (a: number | string, b: number | string) => boolean): Condition => ({
  args: ['values', 'force_strings'],
  test({ values, force_strings }) {
    const all = (Array.isArray(values) ? values : []).map((one) => comparable(one, force_strings === true))
    return all.slice(1).every((one, at) => holds(all[at] ?? '', one))
  },
})

/** Numbers as numbers, also where a text holds one; everything else as text. */
function comparable(value: unknown, asText: boolean): number | string {
  if (typeof value === 'number' && !asText) return value
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null)
  return !asText && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0)
const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null))
const words = (value: unknown): string => asText(value).trim().toLowerCase()

function regex(source: unknown): RegExp {
  try {
    return new RegExp(asText(source).slice(0, 1024))
  } catch (cause) {
    throw new Fault('invalid', 'the rule has an expression that is not a regular one', { cause })
  }
}

function isInNet({ address, subnet }: Bag): boolean {
  const [net = '', bits] = asText(subnet).split('/')
  const family = isIP(net) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(net) === 0 || isIP(asText(address)) !== isIP(net)) return false
  const list = new BlockList()
  list.addSubnet(net, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family)
  return list.check(asText(address), family)
}

/** What rules may ask. */
export const conditions: Readonly<Record<string, Condition>> = {
  eq: compares((a, b) => a === b),
  ne: compares((a, b) => a !== b),
  lt: compares((a, b) => a < b),
  le: compares((a, b) => a <= b),
  gt: compares((a, b) => a > b),
  ge: compares((a, b) => a >= b),
  'is-empty': { args: ['value'], test: ({ value }) => isEmpty(value) },
  'is-none': { args: ['value'], test: ({ value }) => value === null || words(value) === 'none' },
  'is-true': { args: ['value'], test: ({ value }) => ['true', 'yes', '1', 'on', 'y', 't'].includes(words(value)) },
  'is-false': {
    args: ['value'],
    test: ({ value }) => value === null || ['false', 'no', '0', 'off', 'n', 'f'].includes(words(value)),
  },
  'in-net': { args: ['address', 'subnet'], test: isInNet },
  matches: {
    args: ['value', 'regex'],
    test: ({ value, regex: source }) => regex(`^(?:${asText(source)})$`).test(asText(value)),
  },
  contains: { args: ['value', 'regex'], test: ({ value, regex: source }) => regex(source).test(asText(value)) },
  'one-of': {
    args: ['value', 'values'],
    test: ({ value, values }) => Array.isArray(values) && values.some((one) => asText(one) === asText(value)),
  },
}
