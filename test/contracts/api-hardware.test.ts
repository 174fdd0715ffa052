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
  expect((await ask('PUT', `${at}/led@system?state=OFF`)).status).toBe(204)
  expect((await ask('GET', `${at}/led@system`)).json).toEqual({ state: 'OFF' })
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
  const refused = await ask('PUT', `${node}/management/inject_nmi`, {})
  expect([refused.status, refused.fault.faultstring]).toEqual([
    400,
    'Driver fake-hardware does not support inject_nmi (disabled or not implemented).',
  ])
  for (const [method, at, body] of [
    ['PUT', 'states/boot_mode', { target: 'legacy' }],
    ['PUT', 'states/secure_boot', { target: 'perhaps' }],
    ['PUT', 'states/secure_boot', { target: 2 }],
    ['POST', 'vmedia', { device_type: 'tape', image_url: 'http://x/y.iso' }],
    ['POST', 'vmedia', { device_type: 'cdrom', image_url: 'ftp://x/y.iso' }],
    ['POST', 'vmedia', { device_type: 'cdrom' }],
    ['DELETE', 'vmedia?device_types=tape', undefined],
    ['DELETE', 'vmedia/tape', undefined],
  ] as const) {
    expect([at, (await ask(method, `${node}/${at}`, body)).status]).toEqual([at, 400])
  }
})

test('virtual media are attached, shown and detached, one by one or all', async () => {
  const node = await machine()
  const attach = (device_type: string) => ask('POST', `${node}/vmedia`, { device_type, image_url: 'http://x/y.iso' })
  const inserted = async () =>
    ((await ask('GET', `${node}/vmedia`)).json as unknown as { inserted: boolean }[]).map((one) => one.inserted)
  expect(await inserted()).toEqual([false, false, false])
  for (const type of ['cdrom', 'disk', 'floppy']) expect((await attach(type)).status).toBe(204)
  expect(await inserted()).toEqual([true, true, true])
  expect((await ask('DELETE', `${node}/vmedia/cdrom`)).status).toBe(204)
  expect(await inserted()).toEqual([false, true, true])
  expect((await ask('DELETE', `${node}/vmedia?device_types=disk&device_types=cdrom`)).status).toBe(204)
  expect(await inserted()).toEqual([false, false, true])
  expect((await ask('DELETE', `${node}/vmedia`)).status).toBe(204)
  expect(await inserted()).toEqual([false, false, false])
})

test('boot mode and secure boot are set, by every spelling of a boolean', async () => {
  const node = await machine()
  expect((await ask('PUT', `${node}/states/boot_mode`, { target: 'uefi' })).status).toBe(202)
  for (const [target, seen] of [
    [true, true],
    ['off', false],
    [1, true],
    [0, false],
  ]) {
    expect((await ask('PUT', `${node}/states/secure_boot`, { target })).status).toBe(202)
    expect((await ask('GET', `${node}/states`)).json).toMatchObject({ boot_mode: 'uefi', secure_boot: seen })
  }
})

test('orders that are answered at once tell what went wrong as the last error, as Ironic does', async () => {
  const node = await machine({ management_interface: 'noop' })
  const lastError = async () => (await ask('GET', node)).json['last_error']
  for (const [method, at, body, status, extension] of [
    ['PUT', 'states/boot_mode', { target: 'uefi' }, 202, 'set_boot_mode'],
    ['PUT', 'states/secure_boot', { target: true }, 202, 'set_secure_boot_state'],
    ['POST', 'vmedia', { device_type: 'cdrom', image_url: 'http://127.0.0.1:17' }, 204, 'attach_virtual_media'],
    ['DELETE', 'vmedia?device_types=cdrom', undefined, 204, 'detach_virtual_media'],
  ] as const) {
    expect([at, (await ask(method, `${node}/${at}`, body)).status]).toEqual([at, status])
    expect(await lastError()).toContain(`Driver fake-hardware does not support ${extension}`)
  }
  const asked = await ask('GET', `${node}/vmedia`)
  expect([asked.status, asked.fault.faultstring]).toEqual([
    400,
    'Driver fake-hardware does not support get_virtual_media (disabled or not implemented).',
  ])
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
