import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMetrics } from '@ferrite/conductor/api/metrics'
import type { DeclaredRoute } from '@ferrite/conductor/api/route'
import { allRoutes } from '@ferrite/conductor/api/routes/table'
import { startApi, type ApiFixture } from './api-fixture.ts'

type Schema = Record<string, unknown>
type Operation = {
  operationId: string
  summary: string
  parameters: Schema[]
  responses: Record<string, Schema>
  requestBody?: Schema
}

let api: ApiFixture
let routes: readonly DeclaredRoute[]
let document: { openapi: string; info: Schema; paths: Record<string, Record<string, Operation>>; components: Schema }
beforeAll(async () => {
  api = await startApi()
  routes = allRoutes(createMetrics({ store: api.store, events: api.services.events }))
  document = (await api.ask('GET', '/openapi.json')).json as unknown as typeof document
})
afterAll(() => api[Symbol.asyncDispose]())

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )

test('every route stands in the description, and nothing else', () => {
  const described = operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`)
  const served = routes.map(({ path, method }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  expect(described.toSorted()).toEqual(served.toSorted())
})

test('it is OpenAPI 3.1 in its form', () => {
  expect(document.openapi).toMatch(/^3\.1\.\d+$/)
  expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) })
  const ids = operations().map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { path, operation } of operations()) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const declared = operation.parameters.filter((one) => one['in'] === 'path')
    expect(declared.map((one) => one['name'])).toEqual(inPath)
    expect(declared.every((one) => one['required'] === true)).toBe(true)
    const places = operation.parameters.flatMap((one) => (one['$ref'] === undefined ? [one['in']] : []))
    expect(new Set(places).difference(new Set(['path', 'query', 'header']))).toEqual(new Set())
    expect(Object.keys(operation.responses).length).toBeGreaterThan(0)
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(status).toMatch(/^([1-5]\d\d|default)$/)
      expect(response['description']).toEqual(expect.any(String))
    }
  }
})

const types = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'])

test('every operation says in words of its own what it does', () => {
  for (const { operation } of operations()) {
    expect(operation.summary).toMatch(/^[A-Z][^{}_›]+$/)
    expect(operation.summary).not.toMatch(/undefined|nulls?\b/)
  }
})

test('every schema is one, and every reference leads somewhere', () => {
  const wrong: string[] = []
  const follow = (ref: string): unknown =>
    ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, part) => (at as Schema | undefined)?.[part], document)
  const check = (value: unknown, where: string): void => {
    if (Array.isArray(value)) return value.forEach((item, index) => check(item, `${where}/${index}`))
    if (value === null || typeof value !== 'object') return
    const bag = value as Schema
    const { $ref: ref, type } = bag
    if (typeof ref === 'string' && follow(ref) === undefined) wrong.push(`${where}: ${ref}`)
    const isSchema = !where.endsWith('/properties') && !where.includes('securitySchemes')
    if (isSchema && typeof type === 'string' && !types.has(type)) wrong.push(`${where}: ${type}`)
    for (const [key, inner] of Object.entries(bag)) check(inner, `${where}/${key}`)
  }
  check(document, '#')
  expect(wrong).toEqual([])
})

test('what a node takes is described field by field', () => {
  const body = document.paths['/v1/nodes']?.['post']?.requestBody as {
    content: { 'application/json': { schema: { required: string[]; properties: Record<string, Schema> } } }
  }
  const { schema } = body.content['application/json']
  expect(schema.required).toEqual(['driver'])
  expect(schema.properties['resource_class']).toMatchObject({ description: 'Since 1.21.' })
  expect(schema.properties['provision_state']).toBeUndefined()
})

test('the page for people loads nothing from anywhere and runs nothing', async () => {
  const { status, headers, text } = await api.ask('GET', '/docs')
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
  expect(text).not.toMatch(/<script|src=|@import|url\(|https?:\/\/(?!127)/)
  expect(text).toContain('/v1/nodes/{ident}/states/provision')
})
