import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { everybody, owner, startWorld, stranger, type Person, type World } from './roles-world.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

type Thing = keyof World['ids']
type Verdict = 'yes' | 403 | 404
type Case = { method: string; path: (ids: World['ids']) => string; body?: (ids: World['ids']) => unknown }

const may = (status: number): Verdict => (status === 403 || status === 404 ? status : 'yes')
const node =
  (which: Thing, rest = ''): Case['path'] =>
  (ids) =>
    `/v1/nodes/${ids[which]}${rest}`
const patch =
  (path: string, value: unknown = 'x') =>
  () => [{ op: 'add', path, value }]

/** Who gets through, beside those who get 403 or 404. Names as in Ironic's policy. */
const cases: [string, Case, { yes: Person[]; hidden?: Person[] }][] = [
  [
    'show a node of the owner',
    { method: 'GET', path: node('own') },
    {
      yes: [
        'system admin',
        'system member',
        'system reader',
        'owner admin',
        'owner manager',
        'owner member',
        'owner reader',
      ],
      hidden: ['lessee admin', 'lessee manager', 'lessee member', 'lessee reader', 'stranger admin', 'roleless'],
    },
  ],
  [
    'show a leased node',
    { method: 'GET', path: node('leased') },
    {
      yes: everybody.filter((who) => who !== 'stranger admin' && who !== 'roleless'),
      hidden: ['stranger admin', 'roleless'],
    },
  ],
  [
    'show a node of nobody',
    { method: 'GET', path: node('foreign') },
    {
      yes: ['system admin', 'system member', 'system reader'],
      hidden: everybody.filter((who) => !who.startsWith('system')),
    },
  ],
  [
    'change the extra of a leased node',
    { method: 'PATCH', path: node('leased'), body: patch('/extra/a') },
    {
      yes: everybody.filter((who) => !/reader|stranger|roleless/.test(who)),
      hidden: ['stranger admin', 'roleless'],
    },
  ],
  [
    'change the driver_info of a leased node',
    { method: 'PATCH', path: node('leased'), body: patch('/driver_info/a') },
    {
      yes: ['system admin', 'system member', 'owner admin', 'owner manager', 'owner member'],
      hidden: ['stranger admin', 'roleless'],
    },
  ],
  [
    'give a node away',
    { method: 'PATCH', path: node('own'), body: patch('/owner', stranger) },
    {
      yes: [],
      hidden: ['lessee admin', 'lessee manager', 'lessee member', 'lessee reader', 'stranger admin', 'roleless'],
    },
  ],
  [
    'order a deployed lease',
    { method: 'PUT', path: node('leased', '/states/provision'), body: () => ({ target: 'rebuild' }) },
    {
      yes: everybody.filter((who) => !/reader|lessee member|stranger|roleless/.test(who)),
      hidden: ['stranger admin', 'roleless'],
    },
  ],
  [
    'power a lease',
    { method: 'PUT', path: node('leased', '/states/power'), body: () => ({ target: 'power on' }) },
    { yes: everybody.filter((who) => !/reader|stranger|roleless/.test(who)), hidden: ['stranger admin', 'roleless'] },
  ],
  [
    'set a boot device of a lease',
    { method: 'PUT', path: node('leased', '/management/boot_device'), body: () => ({ boot_device: 'disk' }) },
    {
      yes: ['system admin', 'system member', 'owner admin', 'owner manager'],
      hidden: ['stranger admin', 'roleless'],
    },
  ],
  [
    'list conductors',
    { method: 'GET', path: () => '/v1/conductors' },
    { yes: ['system admin', 'system member', 'system reader'] },
  ],
  [
    'read every event',
    { method: 'GET', path: () => '/metrics' },
    { yes: ['system admin', 'system member', 'system reader'] },
  ],
]
// Giving a node away would change the world for the cases behind it, so those who may are asked in a test of its own.
const skipped: Record<string, Person[]> = { 'give a node away': ['system admin', 'system member'] }

describe.each(cases)('%s', (name, { method, path, body }, { yes, hidden = [] }) => {
  test.each(everybody.filter((who) => !skipped[name]?.includes(who)))('%s', async (who) => {
    const answer = await world.as(who)(method, path(world.ids), body?.(world.ids))
    const expected: Verdict = yes.includes(who) ? 'yes' : hidden.includes(who) ? 404 : 403
    expect([who, may(answer.status)]).toEqual([who, expected])
  })
})

test('lists hold what a project sees, and their pages and filters do not tell more', async () => {
  const uuids = async (who: Person, query = '') =>
    ((await world.as(who)('GET', `/v1/nodes${query}`)).json['nodes'] as { uuid: string }[] | undefined)?.map(
      ({ uuid }) => uuid,
    )
  const { own, leased, foreign, foreignPort } = world.ids
  expect(await uuids('system reader')).toEqual([own, leased, foreign])
  expect(await uuids('owner reader')).toEqual([own, leased])
  expect(await uuids('lessee reader')).toEqual([leased])
  expect(await uuids('stranger admin')).toEqual([])
  expect(await uuids('stranger admin', `?project=${owner}`)).toEqual([])
  expect(await uuids('lessee reader', `?owner=${owner}`)).toEqual([leased])
  const beyond = await world.as('lessee reader')('GET', `/v1/nodes?marker=${foreign}`)
  const absent = await world.as('lessee reader')('GET', '/v1/nodes?marker=00000000-0000-4000-8000-00000000dead')
  expect([beyond.status, absent.status]).toEqual([404, 404])
  expect((await world.as('lessee reader')('GET', '/v1/nodes?sort_key=last_error')).status).toBe(400)
  const ports = await world.as('lessee reader')('GET', '/v1/ports')
  expect((ports.json['ports'] as unknown[]).length).toBe(1)
  expect((await world.as('lessee reader')('GET', `/v1/ports?marker=${foreignPort}`)).status).toBe(404)
})

test('a lessee reads neither the BMC nor what the conductor keeps, whatever fields it asks for', async () => {
  const fields = ['driver_info', 'driver_internal_info', 'last_error', 'reservation', 'uuid']
  const ask = world.as('lessee admin')
  const ways = [
    `/v1/nodes/${world.ids.leased}`,
    '/v1/nodes/detail',
    ...fields.map((field) => `/v1/nodes/${world.ids.leased}?fields=${field}`),
    ...fields.map((field) => `/v1/nodes?fields=${field}`),
    `/v1/nodes/${world.ids.leased}/states`,
  ]
  for (const way of ways) {
    const { status, text } = await ask('GET', way)
    expect([way, status, /bmc\.example|agent\.example/.test(text)]).toEqual([way, 200, false])
  }
  const patched = await ask('PATCH', `/v1/nodes/${world.ids.leased}`, [{ op: 'add', path: '/extra/b', value: 1 }])
  expect([patched.status, /bmc\.example|agent\.example/.test(patched.text)]).toEqual([200, false])
  expect((await world.as('owner reader')('GET', `/v1/nodes/${world.ids.leased}`)).text).toContain('bmc.example')
  // What was hidden from the answer is still what is stored.
  expect((await world.api.store.node(world.ids.leased))?.driver_info).toMatchObject({
    redfish_address: 'https://bmc.example',
  })
})

test('nothing moves to, or hangs itself onto, what its caller cannot change', async () => {
  const { own, leased, foreign, ownPort, foreignGroup } = world.ids
  const replace = (path: string, value: string) => [{ op: 'replace', path, value }]
  const tries: [Person, string, string, unknown][] = [
    ['owner admin', 'PATCH', `/v1/ports/${ownPort}`, replace('/node_uuid', foreign)],
    ['owner admin', 'PATCH', `/v1/ports/${ownPort}`, replace('/portgroup_uuid', foreignGroup)],
    ['owner admin', 'POST', '/v1/ports', { node_uuid: foreign, address: '52:54:00:00:01:01' }],
    ['lessee admin', 'POST', '/v1/ports', { node_uuid: leased, address: '52:54:00:00:01:02' }],
    ['lessee admin', 'PATCH', `/v1/ports/${world.ids.leasedPort}`, replace('/node_uuid', own)],
    ['owner admin', 'PATCH', `/v1/nodes/${own}`, replace('/parent_node', foreign)],
    ['owner admin', 'POST', '/v1/nodes', { driver: 'fake-hardware', parent_node: foreign }],
    ['owner admin', 'POST', '/v1/nodes', { driver: 'fake-hardware', owner: stranger }],
    ['owner member', 'POST', '/v1/allocations', { resource_class: 'x', owner: stranger }],
    ['owner member', 'POST', '/v1/allocations', { resource_class: 'x', candidate_nodes: [foreign] }],
    ['owner admin', 'POST', '/v1/portgroups', { node_uuid: foreign }],
    ['owner admin', 'POST', '/v1/volume/connectors', { node_uuid: foreign, type: 'iqn', connector_id: 'x' }],
    ['owner admin', 'POST', '/v1/runbooks', { name: 'CUSTOM_X', public: true, steps: [] }],
    ['owner admin', 'POST', `/v1/nodes/${own}/vifs`, { id: 'v', port_uuid: world.ids.foreignPort }],
  ]
  for (const [who, method, path, body] of tries) {
    const answer = await world.as(who)(method, path, body)
    expect([who, method, path, body, [400, 403, 404, 409].includes(answer.status)]).toEqual([
      who,
      method,
      path,
      body,
      true,
    ])
  }
  expect(await world.api.store.port(ownPort)).toMatchObject({ node_uuid: own, portgroup_uuid: null })
})

test('what a project creates is its own, and an older client can do it too', async () => {
  const made = await world.as('owner admin')('POST', '/v1/nodes', { driver: 'fake-hardware' }, { version: '1.11' })
  expect(made.status).toBe(201)
  expect(await world.api.store.node(String(made.json['uuid']))).toMatchObject({ owner })
  expect((await world.as('stranger admin')('DELETE', `/v1/nodes/${String(made.json['uuid'])}`)).status).toBe(404)
  expect((await world.as('owner admin')('DELETE', `/v1/nodes/${String(made.json['uuid'])}`)).status).toBe(204)
  const allocation = await world.as('owner member')('POST', '/v1/allocations', { resource_class: 'nothing' })
  expect([allocation.status, allocation.json['owner']]).toEqual([201, owner])
  expect((await world.as('stranger admin')('GET', `/v1/allocations/${String(allocation.json['uuid'])}`)).status).toBe(
    404,
  )
})

test('an answer for something hidden is the answer for something that is not there', async () => {
  const hidden = await world.as('stranger admin')('GET', `/v1/nodes/${world.ids.own}`)
  const absent = await world.as('stranger admin')('GET', '/v1/nodes/00000000-0000-4000-8000-00000000dead')
  expect(hidden.text.replace(world.ids.own, 'X')).toBe(absent.text.replace('00000000-0000-4000-8000-00000000dead', 'X'))
  expect(hidden.status).toBe(absent.status)
})
