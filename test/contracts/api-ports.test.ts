import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type ApiFixture } from './api-fixture.ts'

let api: ApiFixture
let node: string
let macs = 0
const nextMac = () => `52:54:00:00:00:${(macs += 1).toString(16).padStart(2, '0')}`
beforeAll(async () => {
  api = await startApi()
  node = String((await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware', name: 'n1' })).json['uuid'])
})
afterAll(() => api[Symbol.asyncDispose]())
const create = (body: object, version = '1.115') => api.ask('POST', '/v1/ports', body, { version })

test('a port is created, normalised, shown and listed', async () => {
  const { status, json, headers } = await create({ address: '52-54-00-AA-BB-CC', node_uuid: node })
  expect([status, json['address']]).toEqual([201, '52:54:00:aa:bb:cc'])
  expect(headers.get('location')).toBe(`${api.operatorUrl}/v1/ports/${String(json['uuid'])}`)
  expect(json).toMatchObject({
    pxe_enabled: true,
    local_link_connection: {},
    internal_info: {},
    extra: {},
    node_uuid: node,
  })
  const listed = await api.ask('GET', '/v1/ports?address=52:54:00:AA:BB:CC')
  expect(listed.json['ports']).toEqual([
    { uuid: json['uuid'], address: '52:54:00:aa:bb:cc', links: expect.any(Array) as unknown },
  ])
  for (const path of [
    '/v1/ports/detail?node=n1',
    '/v1/nodes/n1/ports?detail=true',
    '/v1/nodes/n1/ports/detail',
    `/v1/ports?node_uuid=${node}&fields=address,node_uuid`,
  ]) {
    expect((await api.ask('GET', path)).json['ports']).toEqual([expect.objectContaining({ node_uuid: node })])
  }
  const old = await api.ask('GET', `/v1/ports/${String(json['uuid'])}`, undefined, { version: '1.1' })
  expect(Object.keys(old.json)).toEqual(['uuid', 'address', 'node_uuid', 'extra', 'created_at', 'updated_at', 'links'])
})

test.each([
  [{ node_uuid: 'NODE' }, 400, 'address'],
  [{ address: '52:54:00:00:01:01' }, 400, 'node_uuid'],
  [{ address: 'nonsense', node_uuid: 'NODE' }, 400, 'Expected a MAC address but received nonsense.'],
  [{ address: '52:54:00:00:01:01', node_uuid: 'n1' }, 400, 'uuid'],
  [{ address: '52:54:00:00:01:01', node_uuid: '5c9dcd04-2073-49bc-9618-99ae634d8971' }, 400, 'could not be found'],
  [{ address: '52:54:00:00:01:01', node_uuid: 'NODE', node_ident: 'n1' }, 400, 'only one of'],
  [
    { address: '52:54:00:aa:bb:cc', node_uuid: 'NODE' },
    409,
    'A port with MAC address 52:54:00:aa:bb:cc already exists.',
  ],
  [{ address: '52:54:00:00:01:01', node_uuid: 'NODE', bogus: 1 }, 400, "'bogus' was unexpected"],
  [
    { address: '52:54:00:00:01:01', node_uuid: 'NODE', local_link_connection: { port_id: 'x' } },
    400,
    'Schema error for local_link_connection',
  ],
  [{ address: '52:54:00:00:01:01', node_uuid: 'NODE', physical_network: '' }, 400, 'non-empty'],
  [{ address: '52:54:00:00:01:01', node_uuid: 'NODE', is_smartnic: true }, 400, 'Smart NIC'],
])('creating from %j is refused', async (body, status, text) => {
  const answer = await create(JSON.parse(JSON.stringify(body).replaceAll('NODE', node)) as object)
  expect([answer.status, answer.fault.faultstring]).toEqual([status, expect.stringContaining(text)])
})

test('a port takes its node by name from 1.94, newer fields from theirs', async () => {
  expect((await create({ address: nextMac(), node_ident: 'n1' }, '1.93')).status).toBe(406)
  expect((await create({ address: nextMac(), node_ident: 'n1' }, '1.94')).json['node_uuid']).toBe(node)
  expect((await create({ address: nextMac(), node_uuid: node, name: 'p' }, '1.87')).status).toBe(406)
  const named = await create({ address: nextMac(), node_uuid: node, name: 'eth0' })
  expect((await api.ask('GET', '/v1/ports/eth0')).json['uuid']).toBe(named.json['uuid'])
  expect((await api.ask('GET', '/v1/ports/eth0', undefined, { version: '1.87' })).status).toBe(404)
})

test('a port is patched by the rules of its node', async () => {
  const { json } = await create({ address: nextMac(), node_uuid: node })
  const patch = (operations: unknown) => api.ask('PATCH', `/v1/ports/${String(json['uuid'])}`, operations)
  const link = { switch_id: '0a:1b:2c:3d:4e:5f', port_id: 'Ethernet3/1', switch_info: 's1' }
  expect(
    (await patch([{ op: 'add', path: '/local_link_connection', value: link }])).json['local_link_connection'],
  ).toEqual(link)
  expect((await patch([{ op: 'replace', path: '/extra', value: { a: 1 } }])).json['extra']).toEqual({ a: 1 })
  expect((await patch([{ op: 'replace', path: '/address', value: 'x' }])).status).toBe(400)
  expect((await patch([{ op: 'replace', path: '/address', value: '52:54:00:aa:bb:cc' }])).status).toBe(409)
  expect((await patch([{ op: 'replace', path: '/uuid', value: 'x' }])).fault.faultstring).toContain(
    'Cannot patch /uuid.',
  )
  await api.store.commit({ node_uuid: node, guard: { any: true }, set: { provision_state: 'active' } })
  expect((await patch([{ op: 'replace', path: '/pxe_enabled', value: false }])).status).toBe(409)
  expect((await patch([{ op: 'replace', path: '/address', value: nextMac() }])).status).toBe(409)
  await api.store.commit({ node_uuid: node, guard: { any: true }, set: { provision_state: 'enroll' } })
  expect((await patch([{ op: 'replace', path: '/pxe_enabled', value: false }])).json['pxe_enabled']).toBe(false)
})

test('virtual interfaces take free ports, one each, and hold them', async () => {
  const other = await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware', network_interface: 'flat' })
  const at = `/v1/nodes/${String(other.json['uuid'])}/vifs`
  const port = await create({ address: nextMac(), node_uuid: other.json['uuid'] })
  expect((await api.ask('POST', at, { id: 'v1' })).status).toBe(204)
  expect((await api.ask('GET', at)).json).toEqual({ vifs: [{ id: 'v1' }] })
  expect((await api.ask('POST', at, { id: 'v1' })).status).toBe(409)
  expect((await api.ask('POST', at, { id: 'v2' })).status).toBe(400)
  expect((await api.ask('DELETE', `/v1/ports/${String(port.json['uuid'])}`)).status).toBe(409)
  expect((await api.ask('DELETE', `${at}/v1`)).status).toBe(204)
  expect((await api.ask('DELETE', `/v1/ports/${String(port.json['uuid'])}`)).status).toBe(204)
  expect((await api.ask('POST', '/v1/nodes/n1/vifs', { id: 'x' })).status).toBe(204)
  expect((await api.ask('GET', '/v1/nodes/n1/vifs')).json).toEqual({ vifs: [] })
})

test('drivers and conductors are shown with what the version knows', async () => {
  const list = await api.ask('GET', '/v1/drivers')
  expect(list.json['drivers']).toEqual([
    expect.objectContaining({ name: 'fake-hardware', hosts: ['c1'], type: 'dynamic' }),
    expect.objectContaining({ name: 'redfish' }),
  ])
  expect((list.json['drivers'] as object[])[0]).not.toHaveProperty('default_boot_interface')
  const one = await api.ask('GET', '/v1/drivers/redfish', undefined, { version: '1.38' })
  expect(one.json).toMatchObject({ default_rescue_interface: 'fake', enabled_network_interfaces: ['noop', 'flat'] })
  expect(one.json).not.toHaveProperty('default_bios_interface')
  expect((await api.ask('GET', '/v1/drivers/redfish/properties')).json).toEqual({ redfish_password: 'A password.' })
  expect((await api.ask('GET', '/v1/drivers/none')).status).toBe(404)
  expect((await api.ask('GET', '/v1/drivers?type=classic')).json).toEqual({ drivers: [] })
  expect((await api.ask('GET', '/v1/drivers?fields=name,hosts')).json['drivers']).toContainEqual({
    name: 'redfish',
    hosts: ['c1'],
    links: expect.any(Array) as unknown,
  })
  expect(Object.keys((await api.ask('GET', '/v1/drivers/redfish/raid/logical_disk_properties')).json)).toContain(
    'raid_level',
  )
  expect((await api.ask('GET', '/v1/conductors')).json['conductors']).toEqual([
    { hostname: 'c1', conductor_group: '', alive: true, links: expect.any(Array) as unknown },
  ])
  for (const [key, status] of [
    ['hostname', 200],
    ['alive', 400],
    ['drivers', 400],
  ] as const) {
    expect([key, (await api.ask('GET', `/v1/conductors?sort_key=${key}&sort_dir=desc`)).status]).toEqual([key, status])
  }
  expect((await api.ask('GET', '/v1/conductors/c1')).json).toMatchObject({
    drivers: ['fake-hardware', 'redfish'],
    alive: true,
  })
  expect((await api.ask('GET', '/v1/conductors/c2')).status).toBe(404)
})

test('a network that nobody manages is named since 1.64', async () => {
  const local_link_connection = { network_type: 'unmanaged' }
  const body = () => ({ address: nextMac(), node_uuid: node, local_link_connection })
  expect((await create(body(), '1.63')).status).toBe(406)
  const { status, json } = await create(body(), '1.64')
  expect(status).toBe(201)
  for (const [path, value] of [
    ['/local_link_connection', local_link_connection],
    ['/local_link_connection/network_type', 'managed'],
  ]) {
    const operations = [{ op: 'replace', path, value }]
    const old = await api.ask('PATCH', `/v1/ports/${String(json['uuid'])}`, operations, { version: '1.63' })
    expect([path, old.status]).toEqual([path, 406])
  }
})
