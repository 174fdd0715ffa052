import { z } from 'zod'
import { interfaceTypes, nodeFields, type InterfaceType, type NodeFieldName } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import { issueText } from './issue-text.ts'

type Writer = 'create' | 'patch'
const writable = (by: Writer): NodeFieldName[] =>
  (Object.keys(nodeFields) as NodeFieldName[]).filter((name) => by in nodeFields[name])

export const createFields: readonly NodeFieldName[] = writable('create')
export const patchFields: readonly NodeFieldName[] = writable('patch')
export const nodeInitial: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(nodeFields).map(([name, field]) => [name, field.initial]),
)

export type InterfaceField = `${InterfaceType}_interface`
export const interfaceFields = interfaceTypes.map((type): InterfaceField => `${type}_interface`)

const yes = new Set(['1', 't', 'true', 'on', 'y', 'yes'])
const no = new Set(['0', 'f', 'false', 'off', 'n', 'no'])
const isFlag = (schema: z.ZodType): boolean => schema.safeParse(true).success && !schema.safeParse('x').success

/**
 * A value as it is stored: null becomes what an unset field holds, texts such as "True" become booleans, because
 * clients send them. Fault invalid.
 */
export function readNodeField(name: NodeFieldName, given: unknown): unknown {
  const { schema, initial } = nodeFields[name]
  const value = given ?? initial
  if (name === 'driver' && given === null)
    throw new Fault('invalid', "Schema error for node: None is not of type 'string'")
  const coerced = isFlag(schema) && typeof value === 'string' ? flagFrom(value) : value
  const result = schema.safeParse(coerced)
  if (!result.success) {
    throw new Fault('invalid', `Schema error for node: ${name}: ${issueText(name, coerced, result.error.issues[0])}`)
  }
  if (name === 'properties') checkProperties(value as Record<string, unknown>)
  if (typeof coerced !== 'string') return coerced
  return name === 'conductor_group' || schemaIsUuid(name) ? coerced.toLowerCase() : coerced
}

const flagFrom = (text: string): unknown => {
  const lower = text.trim().toLowerCase()
  return yes.has(lower) ? true : no.has(lower) ? false : text
}

const schemaIsUuid = (name: NodeFieldName): boolean =>
  name === 'uuid' || name === 'instance_uuid' || name === 'chassis_uuid' || name === 'parent_node'

const amounts = ['cpus', 'memory_mb', 'local_gb']

function checkProperties(properties: Record<string, unknown>): void {
  for (const key of amounts) {
    const value = properties[key]
    if (value === undefined || value === null || value === '') continue
    if (!/^\d{1,15}$/.test(typeof value === 'number' || typeof value === 'string' ? String(value) : '')) {
      throw new Fault('invalid', `The properties/${key} ${JSON.stringify(value)} is not a non-negative integer`)
    }
  }
}
