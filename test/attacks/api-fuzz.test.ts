import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeFields } from '@ferrite/shared/contracts/nodes'
import { startApi, type ApiFixture } from '../contracts/api-fixture.ts'

let api: ApiFixture
let uuid: string
const canary = 'kanarienvogel'
beforeAll(async () => {
  api = await startApi()
  const body = {
    driver: 'fake-hardware',
    name: 'planted',
    driver_info: { redfish_password: canary, declared_by_schema: canary, nested: [{ api_token: canary }] },
    instance_info: {
      image_url: `https://x/?sig=${canary}`,
      image_source: `https://u:${canary}@x/y`,
      configdrive: canary,
    },
  }
  uuid = String((await api.ask('POST', '/v1/nodes', body)).json['uuid'])
  await api.ask('POST', '/v1/ports', { node_uuid: uuid, address: '52:54:00:00:00:01' })
  await api.store.commit({
    node_uuid: uuid,
    guard: { any: true },
    set: {
      last_error: `cannot log in to https://u:${canary}@bmc with password=${canary}`,
      internal: { agent: { epoch: 1, token: canary } },
    },
    history: [{ severity: 'ERROR', event_type: 'deploying', event: `token=${canary}` }],
  })
})
afterAll(() => api[Symbol.asyncDispose]())

const field = fc.oneof(
  fc.constantFrom(...Object.keys(nodeFields), 'links', 'bogus', '__proto__', ''),
  fc.string({ maxLength: 12 }),
)
const path = fc.array(field, { minLength: 0, maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
const operation = fc.record(
  {
    op: fc.oneof(fc.constantFrom('add', 'replace', 'remove', 'move', 'test'), fc.jsonValue()),
    path: fc.oneof(path, fc.jsonValue()),
    value: fc.jsonValue(),
  },
  { requiredKeys: [] },
)
const runs = { numRuns: 150 }

test('random patches never break the server, and change nothing when refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.array(operation, { maxLength: 5 }), fc.jsonValue()), async (patch) => {
      const before = await api.store.node(uuid)
      const answer = await api.ask('PATCH', `/v1/nodes/${uuid}`, patch)
      expect(answer.status).toBeLessThan(500)
      expect(answer.text).not.toContain(canary)
      const after = await api.store.node(uuid)
      expect(answer.status < 400 || isDeepStrictEqual(after, before)).toBe(true)
      // The name and driver may have been patched away from what the other runs need.
      await api.store.commit({
        node_uuid: uuid,
        guard: { any: true },
        set: { name: 'planted', driver: 'fake-hardware', maintenance: false },
      })
    }),
    runs,
  )
})

test('random bodies never break the server, on any route that takes one', async () => {
  const places = [
    ['POST', '/v1/nodes'],
    ['POST', '/v1/ports'],
    ['PUT', `/v1/nodes/${uuid}/states/provision`],
    ['PUT', `/v1/nodes/${uuid}/states/power`],
    ['PUT', `/v1/nodes/${uuid}/management/boot_device`],
    ['PUT', `/v1/nodes/${uuid}/maintenance`],
    ['PUT', `/v1/nodes/${uuid}/traits`],
    ['POST', `/v1/nodes/${uuid}/vifs`],
  ] as const
  const key = fc.oneof(
    fc.constantFrom(
      'driver',
      'target',
      'name',
      'address',
      'node_uuid',
      'boot_device',
      'persistent',
      'reason',
      'traits',
      'id',
      'configdrive',
      'uuid',
    ),
    fc.string({ maxLength: 6 }),
  )
  const body = fc.oneof(
    fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.constantFrom('fake-hardware', uuid))),
    fc.jsonValue(),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), body, async ([method, path], given) => {
      const answer = await api.ask(method, path, given)
      expect([method, path, answer.status < 500]).toEqual([method, path, true])
      expect(answer.text).not.toContain(canary)
    }),
    runs,
  )
})

test('random queries and versions never break the server', async () => {
  const name = fc.oneof(
    fc.constantFrom(
      'limit',
      'marker',
      'sort_key',
      'sort_dir',
      'fields',
      'detail',
      'associated',
      'shard',
      'owner',
      'fault',
    ),
    fc.string({ maxLength: 6 }),
  )
  const query = fc.array(fc.tuple(name, fc.string({ maxLength: 12 })), { maxLength: 3 })
  const place = fc.constantFrom(
    '/v1/nodes',
    '/v1/ports',
    '/v1/nodes/detail',
    '/v1/drivers',
    '/v1/conductors',
    '/v1/nodes/planted',
  )
  const version = fc.oneof(
    fc.integer({ min: 0, max: 130 }).map((minor) => `1.${minor}`),
    fc.constantFrom('latest', 'x', ''),
  )
  await fc.assert(
    fc.asyncProperty(place, query, version, async (path, pairs, wanted) => {
      const search = new URLSearchParams(pairs).toString()
      const answer = await api.ask('GET', `${path}?${search}`, undefined, { version: wanted })
      expect([path, search, answer.status < 500]).toEqual([path, search, true])
    }),
    runs,
  )
})

test('a planted secret leaves by no way: any view of the node, the errors, the log, the metrics', async () => {
  const ways = [
    `/v1/nodes/${uuid}`,
    '/v1/nodes/detail',
    '/v1/nodes?detail=true',
    ...Object.keys(nodeFields).map((name) => `/v1/nodes/${uuid}?fields=${name}`),
    `/v1/nodes/${uuid}/states`,
    `/v1/nodes/${uuid}/history?detail=true`,
    '/v1/ports/detail',
    '/metrics',
  ]
  for (const way of ways) expect([way, (await api.ask('GET', way)).text.includes(canary)]).toEqual([way, false])
  const lookup = await api.askRamdisk('GET', `/v1/lookup?node_uuid=${uuid}`)
  expect([lookup.status, lookup.text.includes(canary)]).toEqual([200, false])
  const patched = await api.ask('PATCH', `/v1/nodes/${uuid}`, [{ op: 'add', path: '/driver_info/x', value: 1 }])
  expect([patched.status, patched.text.includes(canary)]).toEqual([200, false])
  expect(api.logged.some((line) => line.includes(canary))).toBe(false)
})

test('a value that cannot be made text is refused like any other', async () => {
  const odd = { toString: false }
  const tries = [
    ['PATCH', `/v1/nodes/${uuid}`, [{ op: odd, path: odd, value: odd }]],
    ['POST', '/v1/ports', { node_uuid: odd, address: odd }],
    ['POST', '/v1/nodes', { driver: odd, name: odd, uuid: odd }],
    ['PUT', `/v1/nodes/${uuid}/states/provision`, { target: odd }],
    ['PUT', `/v1/nodes/${uuid}/states/power`, { target: odd, timeout: odd }],
    ['PUT', `/v1/nodes/${uuid}/traits`, { traits: [odd] }],
    ['POST', '/v1/allocations', { traits: [odd], resource_class: odd }],
    ['POST', '/v1/deploy_templates', { name: odd, steps: [odd] }],
    ['POST', '/v1/inspection_rules', { actions: [{ op: odd, args: odd }], conditions: [{ op: odd }] }],
  ] as const
  for (const [method, path, body] of tries) {
    expect([path, (await api.ask(method, path, body)).status]).toEqual([path, 400])
  }
})
