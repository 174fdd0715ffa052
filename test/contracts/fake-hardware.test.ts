import { afterAll, beforeAll, expect, test } from 'vitest'
import { machinesOf, startFakeConductor, type FakeConductor } from './fake-conductor.ts'

type Body = Record<string, unknown>

let conductor: FakeConductor
beforeAll(async () => {
  conductor = await startFakeConductor()
})
afterAll(() => conductor[Symbol.asyncDispose]())

const ask: FakeConductor['ask'] = (...given) => conductor.ask(...given)
const { machine, manageable, when, order, reach } = machinesOf(() => conductor)

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
  expect((await ask('GET', `${node}/bios?detail=true`, undefined, { version: '1.73' })).status).toBe(400)
  expect((await ask('GET', `${node}/bios/LogicalProc`)).json).toMatchObject({ LogicalProc: { value: 'Enabled' } })
  expect((await ask('GET', `${node}/bios/Nothing`)).status).toBe(404)
  const config = { logical_disks: [{ size_gb: 'MAX', raid_level: '1' }] }
  expect((await ask('PUT', `${node}/states/raid`, config)).status).toBe(204)
  await clean({ interface: 'bios', step: 'factory_reset' }, { interface: 'raid', step: 'create_configuration' })
  expect((await ask('GET', `${node}/bios`)).json).toEqual({ bios: [] })
  expect((await ask('GET', `${node}/states`)).json).toMatchObject({ raid_config: config, target_raid_config: config })
  expect((await clean({ interface: 'bios', step: 'explode' }))['last_error']).toContain('bios.explode')
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
