import { z } from 'zod'
import { version } from '@ferrite/shared/version'
import type { QueryTable } from '../query.ts'
import type { DeclaredRoute } from '../route.ts'
import { maxVersion, minVersion } from '../versions.ts'
import { bodyDocuments } from './bodies.ts'
import { aboutRoute } from './summaries.ts'

type Schema = Record<string, unknown>
type Document = Record<string, unknown> & { paths: Record<string, Record<string, Schema>> }

const error: Schema = {
  type: 'object',
  required: ['error_message'],
  properties: {
    error_message: {
      type: 'string',
      description:
        'A JSON document as text: {"faultcode", "faultstring", "debuginfo"}, or {"code", "title", "description"}.',
    },
  },
}

/** The API as OpenAPI 3.1, made from the declarations that the server registers: there is no second list to forget. */
export function openApiDocument(routes: readonly DeclaredRoute[]): Document {
  const paths: Document['paths'] = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operation(route)
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Ferrite: bare-metal API',
      version,
      description: `The protocol of OpenStack Ironic, microversions 1.${minVersion} to 1.${maxVersion}, chosen with the header X-OpenStack-Ironic-API-Version. What lies below /ferrite is our own.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Error: error },
      parameters: {
        Microversion: {
          name: 'X-OpenStack-Ironic-API-Version',
          in: 'header',
          description: '1.N, or latest; 1.1 when it is left out.',
          schema: { type: 'string', pattern: '^(1\\.\\d+|latest)$' },
        },
      },
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic' },
        bearer: { type: 'http', scheme: 'bearer' },
        token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' },
      },
    },
  }
}

function operation(route: DeclaredRoute): Schema {
  const { method, path, auth, since, listener } = route
  const open = auth === 'public' || auth === 'ramdisk'
  const body = bodyOf(route)
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[/:]+(\w)/g, (_all, first: string) => first.toUpperCase()).replace(/\W/g, '')}`,
    tags: [tagOf(route)],
    summary: aboutRoute(route),
    ...(open ? { security: [] } : { security: [{ basic: [] }, { bearer: [] }, { token: [] }] }),
    parameters: [...pathParameters(path), ...queryParameters(route.query), ...microversion(path)],
    ...(body ? { requestBody: body } : {}),
    responses: responses(route),
    'x-ferrite-listener': listener,
    'x-ferrite-rule': auth,
    'x-ferrite-max-body': route.maxBody,
    ...(path.startsWith('/v1/') ? { 'x-ferrite-since': `1.${since}` } : {}),
  }
}

const tagOf = ({ path }: DeclaredRoute): string =>
  path.startsWith('/v1/') ? (path.split('/')[2] ?? 'v1') : path.startsWith('/ferrite/') ? 'ferrite' : 'service'

const pathParameters = (path: string): Schema[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    description: name === 'ident' ? 'UUID or name of a node.' : `The ${name} that is meant.`,
    schema: { type: 'string' },
  }))

const queryParameters = (query: QueryTable): Schema[] =>
  Object.entries(query).map(([name, { since, schema }]) => ({
    name,
    in: 'query',
    ...(since > 1 ? { description: `Since 1.${since}.` } : {}),
    schema: jsonSchema(schema, 'input'),
  }))

const microversion = (path: string): Schema[] =>
  path.startsWith('/v1') ? [{ $ref: '#/components/parameters/Microversion' }] : []

function bodyOf(route: DeclaredRoute): Schema | undefined {
  if (route.maxBody === 0) return undefined
  const named = bodyDocuments(route)
  const schema = named ?? jsonSchema(route.body, 'input')
  return { required: route.method !== 'DELETE', content: { 'application/json': { schema } } }
}

function responses(route: DeclaredRoute): Schema {
  const good = Object.entries(route.answers).map(([status, shape]) => [
    status,
    {
      description: Number(status) === 202 ? 'Accepted; it happens from now on.' : 'Done.',
      ...(shape ? { content: { 'application/json': { schema: jsonSchema(shape, 'output') } } } : {}),
    },
  ])
  const refusal = {
    description: 'Refused, and why.',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  }
  return { ...Object.fromEntries(good), default: refusal }
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Schema {
  const {
    $schema: _dialect,
    '~standard': _standard,
    ...rest
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Schema
  return rest
}
