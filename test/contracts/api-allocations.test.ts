import { afterEach, beforeEach, expect, test } from 'vitest'
import { pino } from 'pino'
import type { NodeChanges } from '@ferrite/conductor/core/node'
import { systemClock } from '@ferrite/conductor/core/clock'
import { createPlacer, type Placer } from '@ferrite/conductor/resources/placer'
import { startApi, type ApiFixture } from './api-fixture.ts'

type Body = Record<string, unknown>

let api: ApiFixture
let placer: Placer
// Waiting for a locked node takes no time here.
const clock = { ...systemClock, sleep: async () => {} }
beforeEach(async () => {
  const parts = { place: (uuid: string) => placer.place(uuid) }
  api = await startApi({}, { allocations: parts })
  placer = createPlacer({ store: api.store, clock, log: pino({ level: 'silent' }) })
})
afterEach(async () => {
  await placer[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

let names = 0
async function machine(set: NodeChanges = {}): Promise<string> {
  names += 1
  const made = await api.ask('POST', '/v1/nodes', {
    driver: 'fake-hardware',
    name: `m${names}`,
    resource_class: 'large',
  })
  const uuid = String(made.json['uuid'])
  const ready: NodeChanges = { provision_state: 'available', power_state: 'power off', ...set }
  await api.store.commit({ node_uuid: uuid, guard: { any: true }, set: ready })
  return uuid
}
async function decided(uuid: unknown): Promise<Body> {
  for (;;) {
    const { json } = await api.ask('GET', `/v1/allocations/${String(uuid)}`)
    if (json['state'] !== 'allocating') return json
  }
}
async function wish(body: Body = {}): Promise<Body> {
  const made = await api.ask('POST', '/v1/allocations', { resource_class: 'large', ...body })
  expect([made.status, made.json['state'], made.json['node_uuid']]).toEqual([201, 'allocating', null])
  return decided(made.json['uuid'])
}
const nodeShown = async (uuid: string): Promise<Body> => (await api.ask('GET', `/v1/nodes/${uuid}`)).json

test('an allocation gets the node that suits, and each knows of the other', async () => {
  const uuid = await machine({ traits: ['CUSTOM_GPU'] })
  const got = await wish({ traits: ['CUSTOM_GPU'], name: 'mine' })
  expect(got).toMatchObject({ state: 'active', node_uuid: uuid, last_error: null, name: 'mine' })
  expect(await nodeShown(uuid)).toMatchObject({
    instance_uuid: got['uuid'],
    allocation_uuid: got['uuid'],
    instance_info: { traits: ['CUSTOM_GPU'] },
  })
  expect((await api.ask('GET', `/v1/nodes/${uuid}/allocation`)).json['uuid']).toBe(got['uuid'])
  for (const query of [`node=${uuid}`, 'state=active', 'resource_class=large']) {
    const { json } = await api.ask('GET', `/v1/allocations?${query}`)
    expect([query, (json['allocations'] as Body[]).map((row) => row['uuid'])]).toEqual([query, [got['uuid']]])
  }
  expect((await api.ask('GET', '/v1/allocations?state=nonsense')).status).toBe(400)
  expect((await api.ask('GET', '/v1/allocations?node=nobody')).status).toBe(400)
})

test.each<[string, NodeChanges]>([
  ['in maintenance', { maintenance: true }],
  ['in another state', { provision_state: 'manageable' }],
  ['of another class', { resource_class: 'small' }],
  ['in use', { instance_uuid: '5c9dcd04-2073-49bc-9618-99ae634d8971' }],
  ['retired', { retired: true }],
  ['of unknown power', { power_state: null }],
])('a node %s is not taken', async (_, set) => {
  await machine(set)
  const got = await wish()
  expect(got).toMatchObject({
    state: 'error',
    node_uuid: null,
    last_error: `Failed to process allocation ${String(got['uuid'])}: no available nodes match the resource class large.`,
  })
})

test('candidates, traits and the owner narrow the choice', async () => {
  const plain = await machine()
  const theirs = await machine({ owner: 'them', traits: ['CUSTOM_A', 'CUSTOM_B'] })
  expect((await wish({ candidate_nodes: [plain] }))['node_uuid']).toBe(plain)
  expect((await wish({ candidate_nodes: [plain] }))['last_error']).toContain(
    'none of the requested nodes are available',
  )
  expect((await wish({ traits: ['CUSTOM_A', 'CUSTOM_C'] }))['last_error']).toContain('have the requested traits')
  expect((await wish({ owner: 'us' }))['state']).toBe('error')
  expect((await wish({ owner: 'them', traits: ['CUSTOM_B'] }))['node_uuid']).toBe(theirs)
  const named = await api.ask('POST', '/v1/allocations', { resource_class: 'large', candidate_nodes: ['nobody'] })
  expect([named.status, named.fault.faultstring]).toEqual([400, 'Nodes cannot be found: nobody'])
})

test('the node of the same name is what is meant; otherwise none is always first', async () => {
  for (let n = 0; n < 8; n += 1) await machine()
  const last = await nodeShown(await machine())
  expect((await wish({ name: last['name'] }))['node_uuid']).toBe(last['uuid'])
  const order = await Promise.all(Array.from({ length: 8 }, () => wish()))
  const taken = order.map((got) => got['node_uuid'])
  expect(new Set(taken).size).toBe(8)
})

test('a hundred clients race for ten nodes: ten winners, and no node twice', async () => {
  const nodes = new Set<string>()
  for (let n = 0; n < 10; n += 1) nodes.add(await machine())
  const all = await Promise.all(Array.from({ length: 100 }, () => wish()))
  const winners = all.filter((got) => got['state'] === 'active')
  expect(winners.length).toBe(10)
  expect(new Set(winners.map((got) => got['node_uuid']))).toEqual(nodes)
  expect(all.filter((got) => got['state'] === 'error').length).toBe(90)
  for (const uuid of nodes) {
    const { instance_uuid } = await nodeShown(uuid)
    expect(winners.find((got) => got['node_uuid'] === uuid)?.['uuid']).toBe(instance_uuid)
  }
}, 30_000)

test('a node that is worked on is waited for, three times', async () => {
  const uuid = await machine()
  const lease = await api.store.lock(uuid, { owner: 'c1', purpose: 'test', leaseMs: 60_000 })
  const got = await wish()
  expect([got['state'], got['last_error']]).toEqual([
    'error',
    expect.stringContaining('could not reserve any of 1 suitable nodes'),
  ])
  await api.store.unlock(uuid, lease.fence)
  expect((await wish())['state']).toBe('active')
})

test('an allocation that an earlier life left open is decided by the next', async () => {
  const uuid = await machine()
  const open = await api.store.resources.create('allocations', { resource_class: 'large' })
  await placer.resume()
  expect(await decided(open.uuid)).toMatchObject({ state: 'active', node_uuid: uuid })
})

test('deleting the allocation frees the node, unless it is in use', async () => {
  const uuid = await machine()
  const got = await wish()
  const at = `/v1/allocations/${String(got['uuid'])}`
  const become = (set: NodeChanges) => api.store.commit({ node_uuid: uuid, guard: { any: true }, set })
  await become({ provision_state: 'active' })
  const refused = await api.ask('DELETE', at)
  expect([refused.status, refused.fault.faultstring]).toEqual([
    409,
    expect.stringContaining('because the node is active'),
  ])
  await become({ provision_state: 'deploying', target_provision_state: 'active' })
  expect((await api.ask('DELETE', `/v1/nodes/${uuid}/allocation`)).status).toBe(409)
  await become({ provision_state: 'active', target_provision_state: null, maintenance: true })
  expect((await api.ask('DELETE', `/v1/nodes/${uuid}/allocation`)).status).toBe(204)
  expect(await nodeShown(uuid)).toMatchObject({ instance_uuid: null, allocation_uuid: null })
  expect((await api.ask('GET', `/v1/nodes/${uuid}/allocation`)).status).toBe(404)
  expect((await api.ask('GET', at)).status).toBe(404)
})

test('taking the instance from the node, or the node away, ends the allocation', async () => {
  const uuid = await machine()
  const first = await wish()
  const patch = [{ op: 'remove', path: '/instance_uuid' }]
  expect((await api.ask('PATCH', `/v1/nodes/${uuid}`, patch)).json).toMatchObject({ allocation_uuid: null })
  expect((await api.ask('GET', `/v1/allocations/${String(first['uuid'])}`)).status).toBe(404)
  const second = await wish()
  await api.store.commit({ node_uuid: uuid, guard: { any: true }, set: { provision_state: 'active' } })
  expect((await api.ask('PATCH', `/v1/nodes/${uuid}`, patch)).status).toBe(409)
  await api.store.commit({ node_uuid: uuid, guard: { any: true }, set: { maintenance: true } })
  expect((await api.ask('DELETE', `/v1/nodes/${uuid}`)).status).toBe(204)
  expect((await api.ask('GET', `/v1/allocations/${String(second['uuid'])}`)).status).toBe(404)
})

test('a node in use gets an allocation after the fact', async () => {
  const instance_uuid = '5c9dcd04-2073-49bc-9618-99ae634d8972'
  const uuid = await machine({ provision_state: 'active', instance_uuid })
  const made = await api.ask('POST', '/v1/allocations', { node: uuid })
  expect([made.status, made.json]).toMatchObject([
    201,
    { uuid: instance_uuid, node_uuid: uuid, state: 'active', resource_class: 'large' },
  ])
  expect((await nodeShown(uuid))['allocation_uuid']).toBe(instance_uuid)
  expect((await api.ask('POST', '/v1/allocations', { node: uuid, name: 'second' })).status).toBe(409)
  const idle = await machine()
  const refused = await api.ask('POST', '/v1/allocations', { node: idle, resource_class: 'small' })
  expect([refused.status, refused.fault.faultstring]).toEqual([
    409,
    expect.stringContaining('must be in the "active" state'),
  ])
  expect((await api.ask('POST', '/v1/allocations', { node: 'nobody' })).status).toBe(400)
})
