import { z } from 'zod'
import { jsonPatch, nodeFields } from '@ferrite/shared/contracts/nodes'
import { portFields } from '@ferrite/shared/contracts/ports'
import { resourceTables } from '../../store/resource-tables.ts'
import type { DeclaredRoute } from '../route.ts'

type Field = { since: number; schema: z.ZodType; create?: true; required?: true }
type Schema = Record<string, unknown>

/** Bodies that their routes read field by field, by the tables of fields that they read them with. */
export function bodyDocuments({ method, path }: Pick<DeclaredRoute, 'method' | 'path'>): Schema | undefined {
  if (method === 'PATCH') return plain(z.toJSONSchema(jsonPatch, { io: 'input', unrepresentable: 'any' }))
  if (method !== 'POST') return undefined
  const fields = created[path]
  return fields && fromFields(fields.table, fields.required)
}

const created: Readonly<Record<string, { table: Readonly<Record<string, Field>>; required?: readonly string[] }>> = {
  '/v1/nodes': { table: nodeFields, required: ['driver'] },
  '/v1/ports': { table: portFields, required: ['address', 'node_uuid'] },
  ...Object.fromEntries(
    Object.values(resourceTables).map(({ name, fields }) => [
      `/v1/${name.replace('volume_', 'volume/')}`,
      { table: fields },
    ]),
  ),
}

function fromFields(table: Readonly<Record<string, Field>>, required?: readonly string[]): Schema {
  const mine = Object.entries(table).filter(([, { create }]) => create)
  const needed = required ?? mine.filter(([, field]) => field.required).map(([name]) => name)
  return {
    type: 'object',
    ...(needed.length > 0 ? { required: needed } : {}),
    properties: Object.fromEntries(
      mine.map(([name, { since, schema }]) => [
        name,
        {
          ...plain(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })),
          ...(since > 1 ? { description: `Since 1.${since}.` } : {}),
        },
      ]),
    ),
    additionalProperties: false,
  }
}

function plain(schema: object): Schema {
  const { $schema: _dialect, '~standard': _standard, ...rest } = schema as Schema
  return rest
}
