import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
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

const patch = (operations: unknown, version = '1.115', query = '') =>
  api.ask('PATCH', `/v1/nodes/${uuid}${query}`, operations, { version })
const move = (provision_state: 'active' | 'available' | 'deploying', more: object = {}) =>
  api.store.commit({ node_uuid: uuid, guard: { any: true }, set: { provision_state, ...more } })

test('a patch adds, replaces and removes, all of it or nothing', async () => {
  const added = await patch([
    { op: 'add', path: '/extra/a', value: { b: [1, 2] } },
    { op: 'add', path: '/extra/a/b/-', value: 3 },
    { op: 'replace', path: '/description', value: 'x' },
    { op: 'add', path: '/properties/cpus', value: 40 },
  ])
  expect(added.json).toMatchObject({ extra: { a: { b: [1, 2, 3] } }, description: 'x', properties: { cpus: 40 } })
  const refused = await patch([
    { op: 'remove', path: '/description' },
    { op: 'replace', path: '/extra/zz', value: 1 },
  ])
  expect([refused.status, refused.fault.faultstring]).toEqual([
    400,
    expect.stringContaining("can't replace a non-existent object 'zz'"),
  ])
  const removed = await patch([{ op: 'remove', path: '/extra' }])
  expect(removed.json).toMatchObject({ extra: {}, description: 'x' })
  expect((await patch([])).status).toBe(200)
})

test.each([
  [{}, 'Schema error for patch'],
  [[{ op: 'test', path: '/name', value: 'x' }], "'test' is not one of ['add', 'replace', 'remove']"],
  [[{ op: 'add', path: '/name', value: 'x', more: 1 }], 'Schema error for patch'],
  [[{ op: 'add', path: 'name', value: 'x' }], 'Schema error for patch'],
  [[{ op: 'add', path: '/name' }], "'value' is a required property"],
  [[{ op: 'add', path: '/uuid', value: 'x' }], 'Cannot patch /uuid. Only the following can be updated: '],
  [[{ op: 'add', path: '/nonsense', value: 'x' }], 'Cannot patch /nonsense.'],
  [[{ op: 'replace', path: '/traits', value: [] }], 'traits'],
  [[{ op: 'remove', path: '/extra/missing' }], "can't remove a non-existent object 'missing'"],
  [[{ op: 'add', path: '/extra/__proto__/x', value: 1 }], 'not allowed'],
  [[{ op: 'replace', path: '/name', value: 'bad name' }], "Cannot change name to invalid name 'bad name'"],
  [[{ op: 'replace', path: '/protected_reason', value: 'x' }], 'protected is True'],
  [[{ op: 'remove', path: '/driver' }], 'Schema error for node'],
  [[{ op: 'replace', path: '/network_data', value: { cat: 'meow' } }], 'network_data: links: Invalid'],
  [[{ op: 'add', path: '/network_data/links', value: [] }], 'network_data: networks: Invalid'],
  [[{ op: 'replace', path: '/driver', value: 'nodriver' }], 'No valid host was found'],
])('the patch %j is 400', async (operations, text) => {
  const answer = await patch(operations)
  expect([answer.status, answer.fault.faultstring]).toEqual([400, expect.stringContaining(text)])
})

test('a protected node needs active, a retired one anything but available', async () => {
  const refused = await patch([{ op: 'add', path: '/protected', value: 'TRUE' }])
  expect([refused.status, refused.fault.faultstring]).toEqual([
    409,
    `Node ${uuid} can only be made protected in provision states 'active' or 'rescue', the current state is 'enroll'`,
  ])
  await move('active')
  expect((await patch([{ op: 'add', path: '/protected', value: 'TRUE' }])).json['protected']).toBe(true)
  expect((await api.ask('DELETE', `/v1/nodes/${uuid}`)).status).toBe(403)
  await move('available', { protected: false })
  expect((await patch([{ op: 'add', path: '/retired', value: true }])).status).toBe(409)
})

test('interfaces change only at rest or in maintenance; a change of driver may reset them', async () => {
  await move('active')
  const refused = await patch([{ op: 'replace', path: '/boot_interface', value: 'other' }])
  expect(refused.status).toBe(409)
  await api.ask('PUT', `/v1/nodes/${uuid}/maintenance`, { reason: 'why' })
  expect((await patch([{ op: 'replace', path: '/boot_interface', value: 'other' }])).json['boot_interface']).toBe(
    'other',
  )
  const lone = await patch([{ op: 'add', path: '/extra/x', value: 1 }], '1.115', '?reset_interfaces=true')
  expect(lone.status).toBe(400)
  const reset = await patch([{ op: 'replace', path: '/driver', value: 'redfish' }], '1.115', '?reset_interfaces=true')
  expect(reset.json).toMatchObject({ driver: 'redfish', boot_interface: 'fake' })
  const old = await patch([], '1.44', '?reset_interfaces=true')
  expect(old.status).toBe(406)
})

test('an instance is bound once', async () => {
  const instance = '11111111-2222-3333-4444-555555555555'
  expect((await patch([{ op: 'add', path: '/instance_uuid', value: instance }])).status).toBe(200)
  const twice = await patch([{ op: 'add', path: '/instance_uuid', value: '11111111-2222-3333-4444-666666666666' }])
  expect([twice.status, twice.fault.faultstring]).toEqual([
    409,
    `Node ${uuid} is associated with instance ${instance}.`,
  ])
  expect((await api.ask('DELETE', `/v1/nodes/${uuid}`)).status).toBe(409)
  const { json } = await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware' })
  const other = await api.ask('PATCH', `/v1/nodes/${String(json['uuid'])}`, [
    { op: 'add', path: '/instance_uuid', value: instance },
  ])
  expect(other.status).toBe(409)
  const listed = await api.ask('GET', `/v1/nodes?instance_uuid=${instance}&limit=1`)
  expect(listed.json).toEqual({ nodes: [expect.objectContaining({ uuid })] })
  expect((await patch([{ op: 'remove', path: '/instance_uuid' }])).json['instance_uuid']).toBeNull()
})

test('a node in motion refuses patches, a locked one after having waited', async () => {
  await move('deploying', { target_provision_state: 'active' })
  const moving = await patch([{ op: 'add', path: '/extra/x', value: 1 }])
  expect([moving.status, moving.fault.faultstring]).toEqual([
    409,
    `Node ${uuid} can not be updated while a state transition is in progress.`,
  ])
  await move('available', { target_provision_state: null })
  await api.store.lock(uuid, { owner: 'c1', purpose: 'test', leaseMs: 60_000 })
  const locked = await patch([{ op: 'add', path: '/extra/x', value: 1 }])
  expect([locked.status, locked.fault.faultstring]).toEqual([409, expect.stringContaining('is locked by host c1')])
})

test('patches that race lose nothing', async () => {
  const keys = Array.from({ length: 5 }, (_, index) => `k${index}`)
  const answers = await Promise.all(keys.map((key) => patch([{ op: 'add', path: `/extra/${key}`, value: 1 }])))
  const won = keys.filter((_, index) => answers[index]?.status === 200)
  expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true)
  const { json } = await api.ask('GET', `/v1/nodes/${uuid}`)
  expect(Object.keys(json['extra'] as object).sort()).toEqual(won)
})

test('secrets are masked, and the mask sent back keeps them', async () => {
  const secret = { redfish_password: 'geheim', declared_by_schema: 'canary', redfish_address: 'https://u:p@bmc' }
  const shown = await patch([{ op: 'replace', path: '/driver_info', value: secret }])
  expect(shown.json['driver_info']).toEqual({
    redfish_password: '******',
    declared_by_schema: '******',
    redfish_address: 'https://******@bmc',
  })
  const info = { ...(shown.json['driver_info'] as object), redfish_username: 'root' }
  expect((await patch([{ op: 'replace', path: '/driver_info', value: info }])).status).toBe(200)
  expect((await api.store.node(uuid))?.driver_info).toEqual({ ...secret, redfish_username: 'root' })
  const made_up = await patch([{ op: 'add', path: '/driver_info/other_password', value: '******' }])
  expect(made_up.status).toBe(400)
})

test('network_data is what OpenStack’s network_data.json is', async () => {
  const mac = '52:54:00:aa:bb:01'
  const value = {
    links: [
      { id: 'a', type: 'phy', ethernet_mac_address: mac, mtu: null },
      { id: 'v', type: 'vlan', vlan_mac_address: mac, vlan_id: 7, vlan_link: 'a' },
      // Ironic's own misspelling of 802.3ad.
      { id: 'b', type: 'bond', ethernet_mac_address: mac, bond_mode: '802.1ad', bond_links: ['a'] },
    ],
    networks: [
      { id: 'n', link: 'a', network_id: 'n', type: 'ipv6', ip_address: 'fd00::5/64', routes: [] },
      { id: 'm', link: 'v', network_id: 'm', type: 'ipv4_dhcp' },
    ],
    services: [{ type: 'dns', address: '10.0.0.1' }],
  }
  expect((await patch([{ op: 'replace', path: '/network_data', value }])).json['network_data']).toEqual(value)
  const wrong = { op: 'replace', path: '/network_data/links/0/type', value: 'string' }
  expect((await patch([wrong])).status).toBe(400)
  expect((await patch([{ op: 'remove', path: '/network_data' }])).json['network_data']).toEqual({})
})

test('a chassis is taken away since 1.25, even where there is none', async () => {
  const operations = [{ op: 'remove', path: '/chassis_uuid' }]
  expect((await patch(operations, '1.24')).status).toBe(406)
  expect((await patch(operations, '1.25')).status).toBe(200)
})
