import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMetrics } from '@ferrite/conductor/api/metrics'
import type { DeclaredRoute } from '@ferrite/conductor/api/route'
import { allRoutes } from '@ferrite/conductor/api/routes/table'
import type { NodeRecord } from '@ferrite/conductor/core/node'
import { canary, everybody, startWorld, type World } from './roles-world.ts'

let world: World
let routes: readonly DeclaredRoute[]
beforeAll(async () => {
  world = await startWorld({ rate_limit_writes: 0, rate_limit_lists: 0 })
  const { store, services } = world.api
  routes = allRoutes(createMetrics({ store, events: services.events })).filter(({ streams }) => streams !== true)
})
afterAll(() => world[Symbol.asyncDispose]())

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    { toString: false },
    { toString: 1, valueOf: 2 },
    '',
    '******',
    'true',
    -1,
    1e308,
    {},
    [],
    null,
    '../..',
    '\u0000',
    '${IFS}',
    "' OR 1=1 --",
  ),
)
const known = [
  'driver',
  'name',
  'node_uuid',
  'target',
  'address',
  'steps',
  'owner',
  'traits',
  'extra',
  'uuid',
  'events',
]
const body = fc.oneof(
  odd,
  fc.dictionary(fc.oneof(fc.constantFrom(...known), fc.string({ maxLength: 6 })), odd, { maxKeys: 5 }),
  fc.array(
    fc.record({
      op: fc.oneof(fc.constantFrom('add', 'replace', 'remove', 'test'), odd),
      path: fc.constantFrom('/extra/a', '/driver_info', '/owner', '/node_uuid', '/name', '/', '', '/__proto__/x'),
      value: odd,
    }),
    { maxLength: 3 },
  ),
)
const query = fc.array(
  fc.tuple(
    fc.oneof(fc.constantFrom('limit', 'marker', 'fields', 'sort_key', 'detail', 'node'), fc.string({ maxLength: 5 })),
    fc.string({ maxLength: 10 }),
  ),
  { maxLength: 2 },
)
const version = fc.oneof(
  { weight: 4, arbitrary: fc.constant('1.115') },
  fc.integer({ min: 1, max: 115 }).map((minor) => `1.${minor}`),
)

test('any caller with any body on any route: no fault of ours, no secret, nothing changed when refused', async () => {
  const param = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...Object.values(world.ids), 'own', 'leased', 'foreign') },
    fc.string({ minLength: 1, maxLength: 8 }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...routes),
      fc.constantFrom(...everybody),
      param,
      fc.tuple(body, query, version),
      async (route, who, ident, [given, pairs, asked]) => {
        const path = route.path.replace(/:\w+/g, encodeURIComponent(ident))
        const search = new URLSearchParams(pairs).toString()
        const before = await everything()
        const reads = route.method === 'GET' || route.method === 'HEAD'
        const ask = route.listener === 'ramdisk' ? world.api.askRamdisk : world.as(who)
        const answer = await ask(route.method, `${path}?${search}`, reads ? undefined : given, { version: asked })
        const told = [route.method, path, search, who, given]
        expect([...told, answer.status < 500 || answer.status === 501]).toEqual([...told, true])
        expect([...told, answer.text.includes(canary)]).toEqual([...told, false])
        expect([...told, answer.status < 400 || isDeepStrictEqual(await everything(), before)]).toEqual([...told, true])
      },
    ),
    { numRuns: 1200 },
  )
  expect(world.api.logged.filter((line) => line.includes(canary))).toEqual([])
}, 120_000)

/** What a refused call must leave as it was. A heartbeat's time is no change. */
async function everything(): Promise<unknown> {
  const { store } = world.api
  const kinds = ['portgroups', 'allocations', 'runbooks', 'deploy_templates', 'chassis', 'volume_targets'] as const
  const records = await Promise.all(kinds.map((kind) => store.resources.list(kind)))
  // A lock that is given back leaves its number behind.
  const nodes = (await store.nodes({})).map(({ lock_epoch: _epoch, ...node }: NodeRecord) => node)
  return { nodes, ports: await store.ports({}), records }
}

test('two projects with random references: neither reads nor changes what is the other’s', async () => {
  const places = ['own', 'leased', 'foreign', 'ownPort', 'leasedPort', 'foreignPort', 'group', 'foreignGroup'] as const
  const place = fc.constantFrom(...places)
  const key = fc.constantFrom(
    'node_uuid',
    'portgroup_uuid',
    'parent_node',
    'node',
    'candidate_nodes',
    'owner',
    'lessee',
  )
  const paths = ['/v1/nodes', '/v1/ports', '/v1/portgroups', '/v1/allocations', '/v1/volume/targets', '/v1/runbooks']
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('stranger admin' as const, 'lessee member' as const),
      fc.constantFrom('POST', 'PATCH'),
      fc.constantFrom(...paths),
      place,
      fc.tuple(key, place),
      async (who, method, path, at, [name, to]) => {
        const { store } = world.api
        const foreign = {
          node: await store.node(world.ids.foreign),
          ports: await store.ports({ node_uuid: world.ids.foreign }),
        }
        const value = name === 'candidate_nodes' ? [world.ids[to]] : world.ids[to]
        const more = { driver: 'fake-hardware', address: '52:54:00:aa:aa:aa', resource_class: 'x', steps: [] }
        const given = method === 'POST' ? { ...more, [name]: value } : [{ op: 'add', path: `/${name}`, value }]
        const answer = await world.as(who)(method, method === 'POST' ? path : `${path}/${world.ids[at]}`, given)
        expect(answer.text).not.toContain('bmc.example')
        expect({
          node: await store.node(world.ids.foreign),
          ports: await store.ports({ node_uuid: world.ids.foreign }),
        }).toEqual(foreign)
      },
    ),
    { numRuns: 300 },
  )
}, 60_000)
