import { afterAll, beforeAll, expect, test } from 'vitest'
import { machinesOf, startFakeConductor, type FakeConductor } from './fake-conductor.ts'

type Body = Record<string, unknown>

let conductor: FakeConductor
beforeAll(async () => {
  conductor = await startFakeConductor()
})
afterAll(() => conductor[Symbol.asyncDispose]())

const ask: FakeConductor['ask'] = (...given) => conductor.ask(...given)
const { machine } = machinesOf(() => conductor)

test('target RAID configurations are checked, and refused where there is no RAID', async () => {
  const node = await machine()
  const disk = { size_gb: 100, raid_level: '1' }
  const put = (...logical_disks: unknown[]) => ask('PUT', `${node}/states/raid`, { logical_disks })
  const software = {
    ...disk,
    controller: 'software',
    physical_disks: [{ size: '> 100' }, { size: '> 100' }],
    is_root_volume: true,
  }
  expect((await put(software)).status).toBe(204)
  expect((await ask('PUT', `${node}/states/raid`, {})).status).toBe(204)
  for (const wrong of [
    [],
    [{ raid_level: '1' }],
    [{ ...disk, raid_level: '9' }],
    [{ ...disk, size_gb: 0 }],
    [{ ...disk, physical_disks: ['a'] }],
    [
      { ...disk, is_root_volume: true },
      { ...disk, is_root_volume: true },
    ],
    [{ ...disk, more: 1 }],
  ]) {
    expect([wrong, (await put(...wrong)).status]).toEqual([wrong, 400])
  }
  const without = await machine({ raid_interface: 'no-raid' })
  expect((await ask('PUT', `${without}/states/raid`, {})).status).toBe(404)
  expect((await ask('PUT', `${node}/states/raid`, {}, { version: '1.11' })).status).toBe(406)
})

test('consoles are enabled, shown and disabled', async () => {
  const node = await machine()
  const at = `${node}/states/console`
  expect((await ask('GET', at)).json).toEqual({ console_enabled: false, console_info: null })
  const on = await ask('PUT', at, { enabled: true })
  expect([on.status, on.headers.get('location')]).toEqual([202, `${conductor.url}${at}`])
  expect((await ask('GET', at)).json).toEqual({ console_enabled: true, console_info: {} })
  expect((await ask('GET', node)).json['console_enabled']).toBe(true)
  expect((await ask('PUT', at, { enabled: false })).status).toBe(202)
  expect((await ask('PUT', at, { enabled: 'perhaps' })).status).toBe(400)
  const without = await machine({ console_interface: 'no-console' })
  const refused = await ask('PUT', `${without}/states/console`, { enabled: true })
  expect([refused.status, refused.fault.faultstring]).toEqual([
    400,
    'Driver fake-hardware does not support console (disabled or not implemented).',
  ])
})

test('indicators are listed, read and lit', async () => {
  const node = await machine()
  const at = `${node}/management/indicators`
  const { json } = await ask('GET', at)
  expect(json['indicators']).toMatchObject([
    { name: 'led-0@chassis', component: 'chassis', readonly: true, states: ['OFF', 'ON'] },
    { name: 'led@system', component: 'system', readonly: false },
  ])
  expect((await ask('GET', `${at}/led@system`)).json).toEqual({ state: 'ON' })
  expect((await ask('PUT', `${at}/led@system`, { state: 'BLINKING' })).status).toBe(204)
  expect((await ask('GET', `${at}/led@system`)).json).toEqual({ state: 'BLINKING' })
  for (const [name, state] of [
    ['led@system', 'GREEN'],
    ['led-0@chassis', 'OFF'],
    ['led', 'ON'],
    ['x@system', 'ON'],
    ['led@y', 'ON'],
  ]) {
    expect([name, state, (await ask('PUT', `${at}/${name}`, { state })).status]).toEqual([name, state, 400])
  }
  expect((await ask('GET', at, undefined, { version: '1.62' })).status).toBe(404)
})

test('what fake hardware does not have is refused in words that name it', async () => {
  const node = await machine()
  const calls: [string, string, unknown, string][] = [
    ['PUT', 'management/inject_nmi', {}, 'inject_nmi'],
    ['PUT', 'states/boot_mode', { target: 'uefi' }, 'set_boot_mode'],
    ['PUT', 'states/secure_boot', { target: true }, 'set_secure_boot_state'],
    ['GET', 'vmedia', undefined, 'get_virtual_media'],
    ['POST', 'vmedia', { device_type: 'cdrom', image_url: 'http://x/y.iso' }, 'attach_virtual_media'],
    ['DELETE', 'vmedia?device_types=cdrom', undefined, 'detach_virtual_media'],
  ]
  for (const [method, at, body, extension] of calls) {
    const refused = await ask(method, `${node}/${at}`, body)
    expect([at, refused.status, refused.fault.faultstring]).toEqual([
      at,
      400,
      `Driver fake-hardware does not support ${extension} (disabled or not implemented).`,
    ])
  }
  for (const [method, at, body] of [
    ['PUT', 'states/boot_mode', { target: 'legacy' }],
    ['PUT', 'states/secure_boot', { target: 'perhaps' }],
    ['POST', 'vmedia', { device_type: 'tape', image_url: 'http://x/y.iso' }],
    ['POST', 'vmedia', { device_type: 'cdrom', image_url: 'ftp://x/y.iso' }],
    ['POST', 'vmedia', { device_type: 'cdrom' }],
    ['DELETE', 'vmedia?device_types=tape', undefined],
  ] as const) {
    expect([at, (await ask(method, `${node}/${at}`, body)).status]).toEqual([at, 400])
  }
})

test('vendor methods are listed and called by path or query', async () => {
  const node = await machine()
  const at = `${node}/vendor_passthru`
  const { json } = await ask('GET', `${at}/methods`)
  expect(json['third_method_sync']).toEqual({
    http_methods: ['POST'],
    description: 'Test if the value of bar is meow',
    async: false,
    attach: false,
    require_exclusive_lock: true,
  })
  const sync = await ask('POST', `${at}/third_method_sync`, { bar: 'meow' })
  expect([sync.status, sync.text]).toEqual([200, 'true'])
  const later = await ask('POST', `${at}?method=first_method`, { bar: 'baz' })
  expect([later.status, later.text]).toEqual([202, ''])
  expect((await ask('POST', `${at}/third_method_sync`, {})).status).toBe(400)
  expect((await ask('POST', `${at}/nonsense`, {})).fault.faultstring).toBe('No handler for method nonsense')
  expect((await ask('GET', `${at}/first_method`)).status).toBe(400)
  expect((await ask('POST', at, {})).status).toBe(400)
  const without = await machine({ vendor_interface: 'no-vendor' })
  expect((await ask('GET', `${without}/vendor_passthru/methods`)).json).toEqual({})
  expect((await ask('POST', `${without}/vendor_passthru/first_method`, {})).status).toBe(400)
})

test('an inventory is shown once there is one, children are found by their parent', async () => {
  const node = await machine()
  expect((await ask('GET', `${node}/inventory`)).status).toBe(404)
  const found = { inventory: { cpu: { count: 4 }, bmc_password: 'planted' }, plugin_data: { macs: [] } }
  await conductor.store.details.setInventory(node.slice('/v1/nodes/'.length), found)
  expect((await ask('GET', `${node}/inventory`)).json).toEqual({
    inventory: { cpu: { count: 4 }, bmc_password: '******' },
    plugin_data: { macs: [] },
  })
  const uuid = node.slice('/v1/nodes/'.length)
  const child = (await machine({ parent_node: uuid })).slice('/v1/nodes/'.length)
  expect((await ask('GET', `${node}/children`)).json['children']).toEqual([child])
  const uuids = (json: Body) => (json['nodes'] as Body[]).map((one) => one['uuid'])
  expect(uuids((await ask('GET', '/v1/nodes')).json)).not.toContain(child)
  expect(uuids((await ask('GET', '/v1/nodes?include_children=true')).json)).toContain(child)
  expect(uuids((await ask('GET', `/v1/nodes?parent_node=${uuid}`)).json)).toEqual([child])
})
