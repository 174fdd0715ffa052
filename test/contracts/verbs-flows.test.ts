import { expect, test } from 'vitest'
import type { NodeRecord } from '@ferrite/conductor/core/node'
import { World } from '../crashes/world.ts'

type Options = { script?: ConstructorParameters<typeof World>[0]; settings?: Record<string, unknown> }

async function at(more: Partial<NodeRecord>, { script = {}, settings = {} }: Options = {}): Promise<World> {
  const world = new World(script, settings)
  await world.prepare(more)
  await world.start()
  return world
}
const running = (more: Partial<NodeRecord> = {}): Partial<NodeRecord> => ({
  provision_state: 'active',
  power_state: 'power on',
  internal: { fake: { power: 'power on', boot_device: 'disk' } },
  ...more,
})
const fakeAll: Partial<NodeRecord> = {
  deploy_interface: 'fake',
  inspect_interface: 'fake',
  rescue_interface: 'fake',
  raid_interface: 'fake',
  bios_interface: 'fake',
}
const step = (name: string, type = 'deploy', args?: object) => ({
  interface: type,
  step: name,
  ...(args ? { args } : {}),
})
const names = (world: World, agent = 0) => world.agents[agent]?.received.map((one) => one.name)
const done = (world: World, kind: 'clean' | 'service') =>
  world.agents
    .flatMap((agent) => agent.received)
    .filter(({ name }) => name.includes(`execute_${kind}_step`))
    .map(({ params }) => (params['step'] as { step: string }).step)

test('a service runs its steps on the ramdisk and leaves the instance running', async () => {
  await using world = await at(running())
  await world.request('service', 115, { service_steps: [step('burnin_cpu'), step('flash'), step('burnin_cpu')] })
  expect(await world.settled()).toMatchObject({
    provision_state: 'active',
    target_provision_state: null,
    service_step: {},
    last_error: null,
    maintenance: false,
    internal: { fake: { power: 'power on', boot_device: 'disk' } },
  })
  expect(done(world, 'service')).toEqual(['burnin_cpu', 'flash', 'burnin_cpu'])
  // `flash` asked for a reboot: the rest runs on the next agent.
  expect(world.agents).toHaveLength(2)
})

test('a service step that fails leaves the node in maintenance; an abort brings its instance back', async () => {
  const error = { type: 'ServicingError', code: 500, message: 'Service step failed', details: 'the fan is gone' }
  await using world = await at(running(), { script: { 'service.execute_service_step': () => ({ error }) } })
  await world.request('service', 115, { service_steps: [step('burnin_cpu')] })
  const failed = await world.settled()
  expect(failed).toMatchObject({ provision_state: 'service failed', fault: 'service failure', maintenance: true })
  expect(failed.last_error).toMatch(/^Service step deploy.burnin_cpu failed on node .*the fan is gone/)
  await expect(world.request('abort')).rejects.toMatchObject({ status: 409 })
  await world.change({ maintenance: false, fault: null })
  await world.request('abort')
  expect(await world.settled()).toMatchObject({
    provision_state: 'active',
    internal: { fake: { power: 'power on', boot_device: 'disk' } },
  })
})

test('an unknown service step fails the service with its name', async () => {
  await using world = await at(running())
  await world.request('service', 115, { service_steps: [step('make_coffee')] })
  const node = await world.settled()
  expect(node.provision_state).toBe('service failed')
  expect(node.last_error).toMatch(/deploy\.make_coffee/)
})

test('a step that may be interrupted is, by an abort: the instance runs again', async () => {
  await using world = await at(running(), {
    script: { 'service.execute_service_step': () => ({ ms: 60_000, result: null }) },
  })
  await world.request('service', 115, { service_steps: [step('burnin_cpu')] })
  await world.until((node) => node.provision_state === 'service wait' && node.service_step['step'] === 'burnin_cpu')
  await world.request('abort')
  const node = await world.until((one) => one.reservation === null && one.internal.flow === undefined)
  expect(node).toMatchObject({ provision_state: 'service failed', maintenance: false })
  expect(node.last_error).toContain('By request, the service operation was aborted')
  expect(node.internal.fake).toMatchObject({ power: 'power on', boot_device: 'disk' })
})

test('a rescue hands the hash of the password to the agent; the password itself is nowhere', async () => {
  await using world = await at(running({ rescue_interface: 'agent' }))
  await world.request('rescue', 115, { rescue_password: 'let me in' })
  const node = await world.settled()
  expect(node).toMatchObject({ provision_state: 'rescue', last_error: null, power_state: 'power on' })
  expect(JSON.stringify(node.instance_info)).not.toMatch(/rescue/)
  const order = world.agents[0]?.received.at(-1)
  expect(order?.name).toBe('rescue.finalize_rescue')
  expect(order?.params).toEqual({ rescue_password: expect.stringMatching(/^\$6\$.{16}\$.{86}$/), hashed: true })
  expect(JSON.stringify([world.log, await world.history()])).not.toContain('let me in')
  await world.request('unrescue')
  expect(await world.settled()).toMatchObject({
    provision_state: 'active',
    internal: { fake: { power: 'power on', boot_device: 'disk' } },
  })
})

test('an agent that does not take the password at once fails the rescue, and the hash is forgotten', async () => {
  await using world = await at(running({ rescue_interface: 'agent' }), {
    script: { 'rescue.finalize_rescue': () => ({ status: 'RUNNING' }) },
  })
  await world.request('rescue', 115, { rescue_password: 'let me in' })
  const node = await world.settled()
  expect(node.provision_state).toBe('rescue failed')
  expect(node.last_error).toMatch(/finalize_rescue/)
  expect(JSON.stringify(node.instance_info)).not.toMatch(/rescue/)
})

test('a rescue that waits can be aborted: power off, rescue failed', async () => {
  await using world = await at(running({ rescue_interface: 'agent' }))
  world.boots = false
  await world.request('rescue', 115, { rescue_password: 'let me in' })
  await world.until((node) => node.provision_state === 'rescue wait' && node.reservation === null)
  await world.request('abort', 13)
  const node = await world.until((one) => one.internal.flow === undefined && one.reservation === null)
  expect(node).toMatchObject({ provision_state: 'rescue failed', internal: { fake: { power: 'power off' } } })
})

test('an inspection keeps the inventory, makes ports and properties, and turns the machine off', async () => {
  const hooks =
    'ramdisk-error,validate-interfaces,ports,architecture,cpus,memory,root-device,boot-mode,cpu-capabilities'
  await using world = await at(
    { provision_state: 'manageable', inspect_interface: 'agent' },
    { settings: { inspection_hooks: hooks, inspection_add_ports: 'all' } },
  )
  await world.request('inspect')
  const node = await world.settled()
  expect(node).toMatchObject({
    provision_state: 'manageable',
    last_error: null,
    properties: {
      cpu_arch: 'x86_64',
      cpus: 8,
      memory_mb: 4096,
      local_gb: 9,
      capabilities: 'boot_mode:uefi,cpu_vt:true',
    },
    internal: { fake: { power: 'power off' } },
  })
  expect(node.inspection_finished_at).not.toBeNull()
  expect((await world.ports()).map(({ address, pxe_enabled }) => [address, pxe_enabled])).toEqual([
    ['52:54:00:aa:bb:01', true],
    ['52:54:00:aa:bb:02', false],
  ])
  expect(await world.inventory()).toMatchObject({ inventory: { cpu: { count: 8 } }, plugin_data: { error: null } })
})

test('a ramdisk that reports an error fails the inspection with it', async () => {
  await using world = await at({ provision_state: 'manageable', inspect_interface: 'agent' })
  if (world.data) world.data['error'] = 'collector default failed: no CPU'
  await world.request('inspect')
  const node = await world.settled()
  expect(node.provision_state).toBe('inspect failed')
  expect(node.last_error).toMatch(/Ramdisk reported error: collector default failed: no CPU/)
})

test('rules change the node by what was found, and may fail the inspection', async () => {
  await using world = await at({ provision_state: 'manageable', inspect_interface: 'agent' })
  await world.rule({
    priority: 10,
    conditions: [{ op: 'ge', args: { values: ['{inventory[cpu][count]}', 4] } }],
    actions: [
      { op: 'set-attribute', args: ['/properties/size', 'cpus-{inventory[cpu][count]}'] },
      { op: 'add-trait', args: { name: 'CUSTOM_BIG' } },
      { op: 'set-port-attribute', args: ['52:54:00:aa:bb:01', '/extra/rack', 'r1'] },
      { op: 'set-plugin-data', args: ['/seen/disk', '{item[name]}'], loop: [{ name: '{inventory[disks][0][name]}' }] },
    ],
  })
  await world.rule({
    conditions: [{ op: '!eq', args: { values: ['{node.driver}', 'fake-hardware'] } }],
    actions: [{ op: 'fail', args: ['no'] }],
  })
  await world.request('inspect')
  expect(await world.settled()).toMatchObject({
    provision_state: 'manageable',
    properties: { size: 'cpus-8' },
    traits: ['CUSTOM_BIG'],
  })
  expect((await world.ports())[0]?.extra).toEqual({ rack: 'r1' })
  expect((await world.inventory())?.plugin_data['seen']).toEqual({ disk: '/dev/sda' })
  await world.rule({ conditions: [], actions: [{ op: 'fail', args: { msg: 'not this one' } }] })
  await world.request('inspect')
  const node = await world.settled()
  expect([node.provision_state, node.last_error]).toEqual(['inspect failed', expect.stringContaining('not this one')])
})

test('an inspection that nobody answers ends with its time', async () => {
  await using world = await at(
    { provision_state: 'manageable', inspect_interface: 'agent' },
    { settings: { inspect_wait_timeout: 0.3 } },
  )
  world.data = undefined
  world.boots = false
  await world.request('inspect')
  const node = await world.settled()
  expect([node.provision_state, node.last_error]).toEqual(['inspect failed', expect.stringMatching(/^Timeout reached/)])
})

test('an inspection that waits can be aborted', async () => {
  await using world = await at({ provision_state: 'manageable', inspect_interface: 'agent' })
  world.data = undefined
  await world.request('inspect')
  await world.until((node) => node.provision_state === 'inspect wait' && node.reservation === null)
  await world.request('abort', 41)
  const node = await world.until((one) => one.internal.flow === undefined && one.reservation === null)
  expect(node).toMatchObject({
    provision_state: 'inspect failed',
    last_error: 'Inspection was aborted by request.',
    internal: { fake: { power: 'power off' } },
  })
})

test('data of a machine that nobody inspects is refused as that of a stranger', async () => {
  await using world = await at({ provision_state: 'available', inspect_interface: 'agent' })
  const sent = { wantsNode: false, microversion: 1, peer: '127.0.0.1' }
  const { data } = world
  if (!data) throw new Error('no data')
  for (const node_uuid of [world.uuid, 'a0000000-0000-4000-8000-000000000000']) {
    await expect(world.callback.inspected({ ...sent, data, node_uuid })).rejects.toMatchObject({ status: 404 })
  }
  await expect(world.callback.inspected({ ...sent, data })).rejects.toMatchObject({ status: 404 })
  expect(await world.inventory()).toBeUndefined()
})

test.each([
  ['clean', 'manageable', 'clean hold', 'manageable'],
  ['service', 'active', 'service hold', 'active'],
] as const)('%s holds where it is told to, and goes on when it may', async (kind, from, hold, end) => {
  await using world = await at(kind === 'service' ? running() : { provision_state: from })
  const order = kind === 'clean' ? 'erase_devices' : 'burnin_cpu'
  await world.request(kind, 115, { [`${kind}_steps`]: [step(order), step('hold', 'power'), step(order)] })
  await world.until((node) => node.provision_state === hold && node.reservation === null)
  expect(done(world, kind)).toEqual([order])
  await world.request('unhold')
  expect(await world.settled()).toMatchObject({ provision_state: end, last_error: null })
  expect(done(world, kind)).toEqual([order, order])
})

test('a deployment holds before its image is written; an abort ends it', async () => {
  await using world = await at({ provision_state: 'available' })
  const hold = { interface: 'power', step: 'hold', args: {}, priority: 90 }
  await world.request('active', 115, { deploy_steps: [hold] })
  await world.until((node) => node.provision_state === 'deploy hold' && node.reservation === null)
  expect(names(world)).toEqual(['deploy.get_deploy_steps'])
  await world.request('unhold')
  expect(await world.settled()).toMatchObject({ provision_state: 'active', last_error: null })
  await world.request('rebuild', 115, { deploy_steps: [hold] })
  await world.until((node) => node.provision_state === 'deploy hold' && node.reservation === null)
  await world.request('abort')
  const node = await world.until((one) => one.internal.flow === undefined && one.reservation === null)
  expect([node.provision_state, node.last_error]).toEqual(['deploy failed', expect.stringContaining('aborted')])
})

test('steps that need no agent run without a ramdisk', async () => {
  await using world = await at({ provision_state: 'manageable', raid_interface: 'fake' })
  const clean_steps = [
    step('power_on', 'power'),
    step('create_configuration', 'raid'),
    step('wait', 'power', { seconds: 0 }),
    step('power_off', 'power'),
  ]
  await world.request('clean', 115, { clean_steps })
  expect(await world.settled()).toMatchObject({ provision_state: 'manageable', last_error: null })
  expect(world.agents).toHaveLength(0)
  expect((await world.node()).raid_config).toHaveProperty('last_updated')
})

test('with disable_ramdisk a step of the agent fails the cleaning, with its reason', async () => {
  await using world = await at({ provision_state: 'manageable' })
  await world.request('clean', 115, { clean_steps: [step('erase_devices')], disable_ramdisk: true })
  const node = await world.settled()
  expect([node.provision_state, node.last_error]).toEqual([
    'clean failed',
    expect.stringMatching(/clean step deploy.erase_devices requires booting a ramdisk/),
  ])
})

test('a reboot in the middle of steps brings the agent back', async () => {
  await using world = await at({ provision_state: 'manageable' })
  await world.request('clean', 115, {
    clean_steps: [step('erase_devices'), step('reboot', 'power'), step('erase_devices')],
  })
  expect(await world.settled()).toMatchObject({ provision_state: 'manageable', last_error: null })
  expect(world.agents).toHaveLength(2)
  expect(done(world, 'clean')).toEqual(['erase_devices', 'erase_devices'])
})

test('a wait is over after its seconds, or when the agent is heard of', async () => {
  await using world = await at(
    { provision_state: 'manageable' },
    { settings: { max_conductor_wait_step_seconds: 0.1 } },
  )
  const clean_steps = [step('erase_devices'), step('wait', 'power', { seconds: 30 }), step('wait', 'power')]
  await world.request('clean', 115, { clean_steps })
  expect(await world.settled()).toMatchObject({ provision_state: 'manageable', last_error: null })
})

test('a cleaning step that must not be interrupted ends before the abort does', async () => {
  const offered = { step: 'erase_devices', priority: 10, interface: 'deploy', abortable: false }
  await using world = await at(
    { provision_state: 'manageable' },
    {
      script: {
        'clean.get_clean_steps': () => ({
          result: { clean_steps: { Own: [offered] }, hardware_manager_version: { own: '1' } },
        }),
      },
    },
  )
  await world.request('clean', 115, { clean_steps: [step('erase_devices'), step('erase_devices')] })
  await world.until((node) => node.clean_step['step'] === 'erase_devices' && node.provision_state === 'clean wait')
  await world.request('abort')
  const node = await world.settled()
  expect([node.provision_state, node.last_error]).toEqual(['clean failed', expect.stringContaining('aborted')])
  expect(done(world, 'clean')).toEqual(['erase_devices'])
})

test('a retired node that is deleted ends manageable', async () => {
  await using world = await at(running({ retired: true, automated_clean: false }))
  await world.request('deleted')
  expect(await world.settled()).toMatchObject({ provision_state: 'manageable' })
  await expect(world.request('provide')).rejects.toThrow(/because it is retired/)
})

test('an instance asks only for traits that its node has', async () => {
  await using world = await at({ provision_state: 'available' })
  const { instance_info } = await world.node()
  await world.change({ instance_info: { ...instance_info, traits: ['CUSTOM_X'] } })
  await expect(world.request('active')).rejects.toThrow(/CUSTOM_X/)
  expect((await world.node()).provision_state).toBe('available')
})

test('with fake interfaces every verb comes to its end at once', async () => {
  await using world = await at({ provision_state: 'enroll', automated_clean: true, ...fakeAll })
  const raid = [step('delete_configuration', 'raid')]
  const path: [string, object, string][] = [
    ['manage', {}, 'manageable'],
    ['inspect', {}, 'manageable'],
    ['clean', { clean_steps: raid }, 'manageable'],
    ['provide', {}, 'available'],
    ['active', { deploy_steps: [{ ...raid[0], args: {}, priority: 50 }] }, 'active'],
    ['service', { service_steps: raid }, 'active'],
    ['rescue', { rescue_password: 'x' }, 'rescue'],
    ['unrescue', {}, 'active'],
    ['rebuild', {}, 'active'],
    ['undeploy', {}, 'available'],
    ['manage', {}, 'manageable'],
    ['adopt', {}, 'active'],
    ['deleted', {}, 'available'],
  ]
  for (const [verb, body, end] of path) {
    await world.request(verb, 115, body)
    expect(await world.settled()).toMatchObject({
      provision_state: end,
      last_error: null,
      target_provision_state: null,
    })
  }
  expect(world.agents).toHaveLength(0)
})
