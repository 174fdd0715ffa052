import { z } from 'zod'
import { Fault } from '../fault.ts'

export type RootDeviceHints = Record<string, string | number | boolean>

const hintNames = new Set([
  'size',
  'model',
  'vendor',
  'serial',
  'wwn',
  'wwn_with_extension',
  'wwn_vendor_extension',
  'name',
  'hctl',
  'by_path',
  'tran',
  'rotational',
])
export const hintsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

type Hinted = {
  instance_info?: Record<string, unknown> | null | undefined
  properties?: Record<string, unknown> | null | undefined
}

/** What a node's record says of its root device: the instance's hints before the node's. Fault invalid. */
export function rootDeviceHints(node: Hinted | undefined): RootDeviceHints | undefined {
  const given = [node?.instance_info?.['root_device'], node?.properties?.['root_device']].find(isGiven)
  if (given === undefined) return undefined
  const parsed = hintsSchema.safeParse(typeof given === 'string' ? parseJson(given) : given)
  if (!parsed.success) throw new Fault('invalid', 'root_device is not an object of hints, such as {"serial": "X1"}')
  const unknown = Object.keys(parsed.data).filter((name) => !hintNames.has(name))
  if (unknown.length > 0) {
    const known = [...hintNames].join(', ')
    throw new Fault('invalid', `root_device has unknown hints: ${unknown.join(', ')}; there are ${known}`)
  }
  for (const [name, rule] of Object.entries(valueRules)) {
    const value = parsed.data[name]
    if (value !== undefined && !rule.allows(String(value).trim()))
      throw new Fault(
        'invalid',
        `the hint ${name} of root_device is ${JSON.stringify(value)}, but has to be ${rule.wants}`,
      )
  }
  return parsed.data
}

// A value that can match no disk, or the wrong one, is told before a machine is booted for it.
const valueRules: Readonly<Record<string, { allows(text: string): boolean; wants: string }>> = {
  size: { allows: isNumeric, wants: 'a size in GiB, such as 100 or ">= 100"' },
  rotational: {
    allows: (text) => /^(1|t|true|on|y|yes|0|f|false|off|n|no)$/i.test(text),
    wants: 'true or false',
  },
}

/** Numbers with nothing but operators and brackets around them. */
function isNumeric(expression: string): boolean {
  const words = expression.split(/<(?:range-in|all-in|in|or)>|s?(?:[=!<>]=|[=<>])|[\s,[\]()]+/).filter(Boolean)
  return words.length > 0 && words.every((word) => /^\d+(\.\d+)?$/.test(word))
}

const isGiven = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== '' && Object.keys(value).length > 0

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault('invalid', 'root_device is not JSON', { cause })
  }
}
