import { afterAll, beforeAll, expect, test } from 'vitest'
import { startFakeConductor, type FakeConductor } from './fake-conductor.ts'

type Body = Record<string, unknown>

let conductor: FakeConductor
beforeAll(async () => {
  conductor = await startFakeConductor()
})
afterAll(() => conductor[Symbol.asyncDispose]())

const ask: FakeConductor['ask'] = (...given) => conductor.ask(...given)
const able = {
  bios_interface: 'fake',
  console_interface: 'fake',
  firmware_interface: 'fake',
  inspect_interface: 'fake',
  vendor_interface: 'fake',
}
let names = 0
async function machine(body: Body = {}): Promise<string> {
  names += 1
  const made = await ask('POST', '/v1/nodes', { driver: 'fake-hardware', name: `h${names}`, ...able, ...body })
  expect([made.status, made.text]).toEqual([201, expect.any(String)])
  return `/v1/nodes/${String(made.json['uuid'])}`
}
async function when(node: string, holds: (node: Body) => boolean): Promise<Body> {
  for (;;) {
    const { json } = await ask('GET', node)
    if (holds(json)) return json
  }
}
const order = async (node: string, target: string, more: Body = {}) => {
  const answer = await ask('PUT', `${node}/states/provision`, { target, ...more })
  expect([target, answer.status, answer.text]).toEqual([target, 202, ''])
}
const reach = (node: string, state: string) =>
  when(node, (now) => now['provision_state'] === state && now['reservation'] === null)
async function manageable(body: Body = {}): Promise<string> {
  const node = await machine(body)
  await order(node, 'manage')
  await reach(node, 'manageable')
  return node
}

test('fake hardware deploys, is taken back, and knows no power before it was told one', async () => {
  const node = await manageable()
  expect((await ask('GET', node)).json).toMatchObject({ deploy_interface: 'fake', power_state: null })
  await order(node, 'provide')
  await reach(node, 'available')
  await order(node, 'active')
  await reach(node, 'active')
  await order(node, 'rebuild')
  await reach(node, 'active')
  await order(node, 'deleted')
  expect(await reach(node, 'available')).toMatchObject({ last_error: null, instance_info: {} })
})

test('operations are as slow, and fail as, a test asks for', async () => {
  const node = await machine({ driver_info: { fake_power_delay: '0.3', fake_management_error: 'the lights are out' } })
  const began = Date.now()
  await ask('PUT', `${node}/states/power`, { target: 'power on' })
  await when(node, (now) => now['power_state'] === 'power on')
  expect(Date.now() - began).toBeGreaterThan(300)
  const refused = await ask('GET', `${node}/management/boot_device`)
  expect([refused.status, refused.fault.faultstring]).toEqual([500, 'the lights are out'])
  await ask('PATCH', node, [{ op: 'add', path: '/driver_info/fake_power_error', value: 'no current' }])
  await ask('PUT', `${node}/states/power`, { target: 'power off' })
  expect((await when(node, (now) => now['last_error'] !== null))['last_error']).toContain('no current')
  await ask('PATCH', node, [{ op: 'add', path: '/driver_info/fake_deploy_invalid', value: 'no image' }])
  expect((await ask('GET', `${node}/validate`)).json['deploy']).toEqual({ result: false, reason: 'no image' })
  const { json } = await ask('GET', '/v1/drivers/fake-hardware/properties')
  expect(Object.keys(json)).toEqual(
    expect.arrayContaining(['fake_power_delay', 'fake_boot_error', 'fake_vendor_invalid']),
  )
})

test('a deploy step that fails ends in deploy failed, with the reason', async () => {
  const node = await manageable({ driver_info: { fake_deploy_error: 'the disk is gone' }, automated_clean: false })
  await order(node, 'provide')
  await reach(node, 'available')
  await order(node, 'active')
  expect((await reach(node, 'deploy failed'))['last_error']).toContain('the disk is gone')
})

test('manual cleaning runs the steps in their order; BIOS settings come and go by them', async () => {
  const node = await manageable()
  const settings = [
    { name: 'LogicalProc', value: 'Enabled' },
    { name: 'SerialBaud', value: 115_200 },
  ]
  const apply = { interface: 'bios', step: 'apply_configuration', args: { settings } }
  const clean = async (...clean_steps: Body[]) => {
    await order(node, 'clean', { clean_steps })
    return when(node, ({ provision_state }) => ['manageable', 'clean failed'].includes(String(provision_state)))
  }
  expect(await clean(apply)).toMatchObject({ provision_state: 'manageable', last_error: null })
  const { json } = await ask('GET', `${node}/bios`)
  const [first] = json['bios'] as Body[]
  expect(first).toEqual({
    name: 'LogicalProc',
    value: 'Enabled',
    created_at: expect.any(String) as unknown,
    updated_at: null,
    links: expect.any(Array) as unknown,
  })
  expect((await ask('GET', `${node}/bios?detail=true`)).json['bios']).toMatchObject([
    { allowable_values: null },
    { name: 'SerialBaud', value: '115200', read_only: null },
  ])
  expect((await ask('GET', `${node}/bios?detail=true`, undefined, { version: '1.73' })).status).toBe(406)
  expect((await ask('GET', `${node}/bios/LogicalProc`)).json).toMatchObject({ LogicalProc: { value: 'Enabled' } })
  expect((await ask('GET', `${node}/bios/Nothing`)).status).toBe(404)
  const config = { logical_disks: [{ size_gb: 'MAX', raid_level: '1' }] }
  expect((await ask('PUT', `${node}/states/raid`, config)).status).toBe(204)
  await clean({ interface: 'bios', step: 'factory_reset' }, { interface: 'raid', step: 'create_configuration' })
  expect((await ask('GET', `${node}/bios`)).json).toEqual({ bios: [] })
  expect((await ask('GET', `${node}/states`)).json).toMatchObject({ raid_config: config, target_raid_config: config })
  expect((await clean({ interface: 'bios', step: 'explode' }))['last_error']).toContain('no step bios.explode')
})

test('deploy templates and firmware steps are done in the order of their priorities', async () => {
  const node = await manageable({ automated_clean: false })
  const update = {
    interface: 'firmware',
    step: 'update',
    args: { settings: [{ component: 'bmc', url: 'http://x/2.0.bin' }] },
  }
  await order(node, 'clean', { clean_steps: [update] })
  await reach(node, 'manageable')
  const { json } = await ask('GET', `${node}/firmware`)
  expect(json['firmware']).toMatchObject([
    { component: 'bmc', initial_version: '1.0.0', current_version: '2.0.bin', vendor: null },
  ])
  const old = await ask('GET', `${node}/firmware`, undefined, { version: '1.113' })
  expect((old.json['firmware'] as Body[])[0]).not.toHaveProperty('vendor')
  const settings = [{ name: 'Boost', value: 'On' }]
  const steps = [{ interface: 'bios', step: 'apply_configuration', args: { settings }, priority: 150 }]
  await ask('POST', '/v1/deploy_templates', { name: 'CUSTOM_BOOST', steps })
  await ask('PUT', `${node}/traits/CUSTOM_BOOST`)
  await order(node, 'provide')
  await reach(node, 'available')
  await ask('PATCH', node, [{ op: 'add', path: '/instance_info/traits', value: ['CUSTOM_BOOST'] }])
  await order(node, 'active')
  await reach(node, 'active')
  expect((await ask('GET', `${node}/bios`)).json['bios']).toMatchObject([{ name: 'Boost', value: 'On' }])
})

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
