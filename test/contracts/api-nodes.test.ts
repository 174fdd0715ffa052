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

const patch = (operations: unknown, version = '1.115', query = '') =>
  api.ask('PATCH', `/v1/nodes/${uuid}${query}`, operations, { version })
const move = (provision_state: 'active' | 'available' | 'deploying', more: object = {}) =>
  api.store.commit({ node_uuid: uuid, guard: { any: true }, set: { provision_state, ...more } })

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

test('a list pages with next, sorts and filters', async () => {
  const first = await api.ask('GET', '/v1/nodes?limit=1&fields=uuid')
  const next = String(first.json['next'])
  expect(next).toBe(
    `${api.operatorUrl}/v1/nodes?sort_key=id&sort_dir=asc&fields=uuid&limit=1&marker=${String((first.json['nodes'] as { uuid: string }[])[0]?.uuid)}`,
  )
  const second = await api.ask('GET', next.slice(api.operatorUrl.length))
  expect(second.json['nodes']).not.toEqual(first.json['nodes'])
  const all = await api.ask('GET', '/v1/nodes?sort_key=name&sort_dir=desc')
  expect(all.json).not.toHaveProperty('next')
  expect(Object.keys((all.json['nodes'] as object[])[0] ?? {})).toEqual([
    'uuid',
    'name',
    'instance_uuid',
    'maintenance',
    'power_state',
    'provision_state',
    'links',
  ])
  await patch([{ op: 'replace', path: '/resource_class', value: 'BAREMETAL' }])
  const chosen = await api.ask('GET', '/v1/nodes?resource_class=BAREMETAL&maintenance=no&associated=False&detail=true')
  expect(chosen.json['nodes']).toEqual([
    expect.objectContaining({ uuid, resource_class: 'BAREMETAL', driver: 'fake-hardware' }),
  ])
})

test.each([
  ['limit=0', 400, 'Limit must be positive'],
  ['limit=-1', 400, 'Limit must be positive'],
  ['limit=x', 400, 'limit'],
  ['sort_key=extra', 400, 'sort'],
  ['sort_key=1%3Bdrop', 400, 'sort'],
  ['sort_dir=up', 400, 'sort direction'],
  ['marker=x', 400, 'uuid'],
  ['marker=5c9dcd04-2073-49bc-9618-99ae634d8971', 404, 'could not be found'],
  ['nonsense=1', 400, 'Unexpected arguments: nonsense'],
  ['maintenance=perhaps', 400, 'boolean'],
  ['provision_state=lost', 400, 'Provision state "lost" is not valid'],
  ['fields=uuid&detail=true', 400, 'subset of fields'],
])('GET /v1/nodes?%s is refused', async (query, status, text) => {
  const answer = await api.ask('GET', `/v1/nodes?${query}`)
  expect([answer.status, answer.fault.faultstring]).toEqual([status, expect.stringContaining(text)])
})

test('every filter is 406 before its version', async () => {
  const since = {
    provision_state: [9, 'active'],
    driver: [16, 'x'],
    resource_class: [21, 'x'],
    fault: [42, 'none'],
    conductor_group: [46, 'x'],
    conductor: [49, 'x'],
    owner: [50, 'x'],
    description_contains: [51, 'x'],
    retired: [61, 'true'],
    lessee: [65, 'x'],
    shard: [82, 'x'],
    sharded: [82, 'true'],
    parent_node: [83, 'x'],
    include_children: [83, 'true'],
    instance_name: [104, 'x'],
  } as const
  for (const [name, [version, value]] of Object.entries(since)) {
    const ask = (minor: number) => api.ask('GET', `/v1/nodes?${name}=${value}`, undefined, { version: `1.${minor}` })
    expect([name, (await ask(version - 1)).status, (await ask(version)).status]).toEqual([name, 406, 200])
  }
})

test('children are hidden from lists until they are asked for', async () => {
  const { json } = await api.ask('POST', '/v1/nodes', {
    driver: 'fake-hardware',
    parent_node: `n${counter}`,
    resource_class: 'child',
  })
  const listed = async (query: string) =>
    ((await api.ask('GET', `/v1/nodes?${query}`)).json['nodes'] as { uuid: string }[]).map((node) => node.uuid)
  expect(await listed('resource_class=child')).toEqual([])
  expect(await listed('resource_class=child&include_children=true')).toEqual([json['uuid']])
  expect(await listed(`parent_node=${uuid}`)).toEqual([json['uuid']])
  expect((await api.ask('GET', `/v1/nodes/${uuid}/children`)).json['children']).toEqual([json['uuid']])
})

test('maintenance is set with a reason and cleared with it', async () => {
  expect((await api.ask('PUT', `/v1/nodes/${uuid}/maintenance`, { reason: 'fan' })).status).toBe(202)
  expect((await api.ask('GET', `/v1/nodes/${uuid}`)).json).toMatchObject({
    maintenance: true,
    maintenance_reason: 'fan',
  })
  expect((await api.ask('DELETE', `/v1/nodes/${uuid}/maintenance`)).status).toBe(202)
  expect((await api.ask('GET', `/v1/nodes/${uuid}`)).json).toMatchObject({
    maintenance: false,
    maintenance_reason: null,
  })
})

test('traits are listed, added, replaced and removed', async () => {
  const at = `/v1/nodes/${uuid}/traits`
  const added = await api.ask('PUT', `${at}/CUSTOM_A`)
  expect([added.status, added.text, added.headers.get('location')]).toEqual([
    204,
    '',
    `${api.operatorUrl}${at}/CUSTOM_A`,
  ])
  expect(added.headers.get('content-type')).toBeNull()
  expect((await api.ask('PUT', `${at}/HW_CPU_X86_VMX`, {})).status).toBe(204)
  expect((await api.ask('GET', at)).json).toEqual({ traits: ['CUSTOM_A', 'HW_CPU_X86_VMX'] })
  expect((await api.ask('PUT', `${at}/bad`)).status).toBe(400)
  expect((await api.ask('PUT', `${at}/CUSTOM_B`, { traits: [] })).status).toBe(400)
  expect((await api.ask('DELETE', `${at}/CUSTOM_NOT`)).status).toBe(404)
  expect((await api.ask('DELETE', `${at}/CUSTOM_A`)).status).toBe(204)
  const many = Array.from({ length: 51 }, (_, index) => `CUSTOM_${index}`)
  expect((await api.ask('PUT', at, { traits: many })).status).toBe(400)
  expect((await api.ask('PUT', at, { traits: many.slice(1) })).status).toBe(204)
  expect((await api.ask('DELETE', at)).status).toBe(204)
  expect((await api.ask('GET', at)).json).toEqual({ traits: [] })
})

test('states, power, provision and boot device have their forms', async () => {
  const states = await api.ask('GET', `/v1/nodes/${uuid}/states`)
  expect(states.json).toMatchObject({
    provision_state: 'enroll',
    power_state: null,
    console_enabled: false,
    boot_mode: null,
  })
  const put = (path: string, body: unknown, version = '1.115') =>
    api.ask('PUT', `/v1/nodes/n${counter}/${path}`, body, { version })
  const power = await put('states/power', { target: 'power on', timeout: 30 })
  expect([power.status, power.text, power.headers.get('location')]).toEqual([
    202,
    '',
    `${api.operatorUrl}/v1/nodes/n${counter}/states`,
  ])
  expect((await put('states/power', { target: 'fly' })).fault.faultstring).toContain(
    'The requested action "fly" can not be performed',
  )
  expect((await put('states/power', { target: 'power on', timeout: 0 })).status).toBe(400)
  expect((await put('states/power', { target: 'soft power off' }, '1.26')).status).toBe(406)
  expect((await put('states/provision', {})).fault.faultstring).toBe('Missing mandatory parameter: target')
  expect((await put('states/provision', { target: 'manage', nonsense: 1 })).fault.faultstring).toBe(
    'Unexpected arguments: nonsense',
  )
  expect((await put('states/provision', { target: 'manage' })).status).toBe(202)
  expect((await put('management/boot_device', { boot_device: 'pxe', persistent: 'False' })).status).toBe(204)
  expect((await api.ask('GET', `/v1/nodes/${uuid}/management/boot_device/supported`)).json).toEqual({
    supported_boot_devices: ['pxe', 'disk'],
  })
})

test('validation hides interfaces that the version does not know', async () => {
  const newest = await api.ask('GET', `/v1/nodes/validate?node=n${counter}`)
  expect(Object.keys(newest.json)).toEqual([
    'bios',
    'boot',
    'console',
    'deploy',
    'firmware',
    'inspect',
    'management',
    'network',
    'power',
    'raid',
    'rescue',
    'storage',
  ])
  const old = await api.ask('GET', `/v1/nodes/${uuid}/validate`, undefined, { version: '1.32' })
  expect(Object.keys(old.json)).toEqual([
    'boot',
    'console',
    'deploy',
    'inspect',
    'management',
    'network',
    'power',
    'raid',
  ])
})

test('what no driver can is refused in so many words, never pretended', async () => {
  expect((await api.ask('PUT', `/v1/nodes/${uuid}/states/raid`, {})).status).toBe(404)
  const boot = await api.ask('PUT', `/v1/nodes/${uuid}/states/boot_mode`, { target: 'uefi' })
  expect([boot.status, boot.fault.faultstring]).toEqual([
    400,
    'Driver fake-hardware does not support set_boot_mode (disabled or not implemented).',
  ])
  expect((await api.ask('GET', `/v1/nodes/${uuid}/inventory`)).status).toBe(404)
  expect((await api.ask('GET', `/v1/nodes/${uuid}/bios`)).json).toEqual({ bios: [] })
})

test('history is listed short and shown whole', async () => {
  const event = 'x'.repeat(300)
  await api.store.commit({
    node_uuid: uuid,
    guard: { any: true },
    history: [{ severity: 'ERROR', event_type: 'deploying', event }],
  })
  const { json } = await api.ask('GET', `/v1/nodes/${uuid}/history`)
  const [entry] = json['history'] as { uuid: string; event: string }[]
  expect(Object.keys(entry ?? {})).toEqual(['uuid', 'created_at', 'severity', 'event', 'links'])
  expect(entry?.event).toHaveLength(255)
  const one = await api.ask('GET', `/v1/nodes/${uuid}/history/${entry?.uuid}`)
  expect(one.json).toMatchObject({ event, event_type: 'deploying', conductor: 'c1', project: null, state: 'enroll' })
  expect((await api.ask('GET', `/v1/nodes/${uuid}/history/nothere`)).status).toBe(404)
})

test('deleting is refused while the machine may be in use', async () => {
  await move('active')
  expect((await api.ask('DELETE', `/v1/nodes/${uuid}`)).status).toBe(409)
  await api.ask('PUT', `/v1/nodes/${uuid}/maintenance`)
  expect((await api.ask('DELETE', `/v1/nodes/${uuid}`)).status).toBe(204)
  expect((await api.ask('GET', `/v1/nodes/${uuid}`)).status).toBe(404)
})
