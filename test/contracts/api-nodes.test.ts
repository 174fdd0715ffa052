import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { nodeFields } from '@ferrite/shared/contracts/nodes'
import { startApi, type ApiFixture } from './api-fixture.ts'

let api: ApiFixture
let uuid: string
let counter = 0
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(async () => {
  counter += 1
  const { json } = await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware', name: `n${counter}` })
  uuid = String(json['uuid'])
})

test('a new node shows every field, unset ones as null, its interfaces and links', async () => {
  const { status, json, headers } = await api.ask('POST', '/v1/nodes', { driver: 'redfish' })
  expect(status).toBe(201)
  expect(headers.get('location')).toBe(`${api.operatorUrl}/v1/nodes/${String(json['uuid'])}`)
  expect(Object.keys(json).sort()).toEqual(
    [...Object.keys(nodeFields), 'links', 'ports', 'states', 'portgroups', 'volume'].sort(),
  )
  expect(json).toMatchObject({
    provision_state: 'enroll',
    name: null,
    driver_info: {},
    boot_interface: 'fake',
    network_interface: 'noop',
    conductor: 'c1',
    states: [{ href: `${api.operatorUrl}/v1/nodes/${String(json['uuid'])}/states`, rel: 'self' }, {}],
  })
})

test('an old client gets an available node, and sees that as null at 1.1', async () => {
  const { json } = await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware' }, { version: '1.10' })
  expect(json['provision_state']).toBe('available')
  const seen = await api.ask('GET', `/v1/nodes/${String(json['uuid'])}`, undefined, { version: null })
  expect(seen.json['provision_state']).toBeNull()
  expect(seen.json).not.toHaveProperty('name')
})

test.each([
  [{}, 400, 'Missing mandatory parameter: driver'],
  [
    { driver: 'nodriver' },
    400,
    'No valid host was found. Reason: No conductor service registered which supports driver nodriver',
  ],
  [{ driver: 'fake-hardware', bogus: 1 }, 400, "('bogus' was unexpected)"],
  [{ driver: 'fake-hardware', name: 'bad name' }, 400, "Cannot create node with invalid name 'bad name'"],
  [{ driver: 'fake-hardware', name: 'detail' }, 400, 'The word "detail" is reserved'],
  [{ driver: 'fake-hardware', name: '5c9dcd04-2073-49bc-9618-99ae634d8971' }, 400, 'invalid name'],
  [{ driver: 'fake-hardware', extra: 'text' }, 400, 'Schema error for node'],
  [{ driver: 'fake-hardware', properties: { cpus: -1 } }, 400, 'cpus'],
  [{ driver: 'fake-hardware', boot_interface: 'zzz' }, 400, 'zzz'],
  [{ driver: 'fake-hardware', chassis_uuid: '5c9dcd04-2073-49bc-9618-99ae634d8971' }, 400, 'Chassis'],
  [{ driver: 'fake-hardware', driver_info: { x_password: '******' } }, 400, 'mask'],
  [{ driver: 'fake-hardware', name: 'n1' }, 409, 'A node with name n1 already exists.'],
  [[], 400, 'Schema error for node'],
  ['{"driver": ', 400, 'not valid JSON'],
])('creating from %j is refused', async (body, status, text) => {
  const answer = await api.ask('POST', '/v1/nodes', body)
  expect([answer.status, answer.fault.faultstring]).toEqual([status, expect.stringContaining(text)])
})

test('a field newer than the version is 406 unless it is null', async () => {
  const body = { driver: 'fake-hardware', shard: 'a' }
  expect((await api.ask('POST', '/v1/nodes', body, { version: '1.81' })).status).toBe(406)
  expect((await api.ask('POST', '/v1/nodes', { ...body, shard: null }, { version: '1.81' })).status).toBe(201)
})

test('a node is found by uuid in any case, and by name; not by name before 1.5', async () => {
  expect((await api.ask('GET', `/v1/nodes/${uuid.toUpperCase()}`)).json['uuid']).toBe(uuid)
  expect((await api.ask('GET', `/v1/nodes/n${counter}`)).json['uuid']).toBe(uuid)
  expect((await api.ask('GET', `/v1/nodes/n${counter}`, undefined, { version: '1.4' })).status).toBe(404)
})

test('fields narrows the answer; unknown ones are 400', async () => {
  const { json } = await api.ask('GET', `/v1/nodes/${uuid}?fields=name,driver`)
  expect(Object.keys(json)).toEqual(['name', 'driver', 'links'])
  const bogus = await api.ask('GET', `/v1/nodes/${uuid}?fields=bogus`)
  expect([bogus.status, bogus.fault.faultstring]).toEqual([400, 'Field bogus is not a valid field.'])
})
