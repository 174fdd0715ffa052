import { expect, test } from 'vitest'
import { done, running, step, worldWith } from './verbs-bench.ts'

test.each([
  ['clean', 'manageable', 'clean hold', 'manageable'],
  ['service', 'active', 'service hold', 'active'],
] as const)('%s holds where it is told to, and goes on when it may', async (kind, from, hold, end) => {
  await using world = await worldWith(kind === 'service' ? running() : { provision_state: from })
  const order = kind === 'clean' ? 'erase_devices' : 'burnin_cpu'
  await world.request(kind, 115, { [`${kind}_steps`]: [step(order), step('hold', 'power'), step(order)] })
  await world.until((node) => node.provision_state === hold && node.reservation === null)
  expect(done(world, kind)).toEqual([order])
  await world.request('unhold')
  expect(await world.settled()).toMatchObject({ provision_state: end, last_error: null })
  expect(done(world, kind)).toEqual([order, order])
})

test('a deployment holds before its image is written; an abort ends it', async () => {
  await using world = await worldWith({ provision_state: 'available' })
  const hold = { interface: 'power', step: 'hold', args: {}, priority: 90 }
  await world.request('active', 115, { deploy_steps: [hold] })
  await world.until((node) => node.provision_state === 'deploy hold' && node.reservation === null)
  expect(world.agents[0]?.received.map((one) => one.name)).toEqual(['deploy.get_deploy_steps'])
  await world.request('unhold')
  expect(await world.settled()).toMatchObject({ provision_state: 'active', last_error: null })
  await world.request('rebuild', 115, { deploy_steps: [hold] })
  await world.until((node) => node.provision_state === 'deploy hold' && node.reservation === null)
  await world.request('abort')
  const node = await world.until((one) => one.internal.flow === undefined && one.reservation === null)
  expect([node.provision_state, node.last_error]).toEqual(['deploy failed', expect.stringContaining('aborted')])
})

test('steps that need no agent run without a ramdisk', async () => {
  await using world = await worldWith({ provision_state: 'manageable', raid_interface: 'fake' })
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
  await using world = await worldWith({ provision_state: 'manageable' })
  await world.request('clean', 115, { clean_steps: [step('erase_devices')], disable_ramdisk: true })
  const node = await world.settled()
  expect([node.provision_state, node.last_error]).toEqual([
    'clean failed',
    expect.stringMatching(/clean step deploy.erase_devices requires booting a ramdisk/),
  ])
})

test('a reboot in the middle of steps brings the agent back', async () => {
  await using world = await worldWith({ provision_state: 'manageable' })
  await world.request('clean', 115, {
    clean_steps: [step('erase_devices'), step('reboot', 'power'), step('erase_devices')],
  })
  expect(await world.settled()).toMatchObject({ provision_state: 'manageable', last_error: null })
  expect(world.agents).toHaveLength(2)
  expect(done(world, 'clean')).toEqual(['erase_devices', 'erase_devices'])
})

test('a wait is over after its seconds, or when the agent is heard of', async () => {
  await using world = await worldWith(
    { provision_state: 'manageable' },
    { settings: { max_conductor_wait_step_seconds: 0.1 } },
  )
  const clean_steps = [step('erase_devices'), step('wait', 'power', { seconds: 30 }), step('wait', 'power')]
  await world.request('clean', 115, { clean_steps })
  expect(await world.settled()).toMatchObject({ provision_state: 'manageable', last_error: null })
})

test('a cleaning step that must not be interrupted ends before the abort does', async () => {
  const offered = { step: 'erase_devices', priority: 10, interface: 'deploy', abortable: false }
  await using world = await worldWith(
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

const offersRaid = () => {
  const offer = (step: string) => ({
    step,
    priority: 0,
    interface: 'raid',
    reboot_requested: false,
    abortable: true,
  })
  return {
    result: {
      clean_steps: { GenericHardwareManager: [offer('create_configuration'), offer('delete_configuration')] },
      hardware_manager_version: { generic_hardware_manager: '1.2' },
    },
  }
}

test('a RAID that the agent builds is kept with the node, and its root volume is what deploys write to', async () => {
  const built = { size_gb: 100, raid_level: '1', is_root_volume: true, root_device_hint: { wwn: '0x1' } }
  let result: unknown = { logical_disks: [built] }
  const script = {
    'clean.get_clean_steps': offersRaid,
    'clean.execute_clean_step': (params: Record<string, unknown>) => ({
      result: { clean_result: result, clean_step: params['step'] },
    }),
  }
  const properties = { capabilities: 'boot_mode:uefi' }
  await using world = await worldWith(
    { provision_state: 'manageable', raid_interface: 'agent', properties },
    { script },
  )
  await world.request('clean', 115, { clean_steps: [step('create_configuration', 'raid')] })
  expect(await world.settled()).toMatchObject({
    provision_state: 'manageable',
    raid_config: { logical_disks: [built], last_updated: expect.any(String) as unknown },
    properties: { capabilities: 'boot_mode:uefi,raid_level:1', local_gb: 100, root_device: { wwn: '0x1' } },
  })
  await world.request('clean', 115, { clean_steps: [step('delete_configuration', 'raid')] })
  const without = await world.settled()
  expect([without.raid_config, 'root_device' in without.properties]).toEqual([{}, false])
  result = null
  await world.request('clean', 115, { clean_steps: [step('create_configuration', 'raid')] })
  expect(await world.settled()).toMatchObject({
    provision_state: 'clean failed',
    last_error: expect.stringContaining('does not tell which') as unknown,
  })
})

test('a custom deployment writes no image: the steps that were ordered of the agent do it all', async () => {
  const offer = { step: 'install_my_os', priority: 0, interface: 'deploy', reboot_requested: false, abortable: true }
  const script = {
    'deploy.get_deploy_steps': () => ({
      result: { deploy_steps: { Mine: [offer] }, hardware_manager_version: { mine: '1' } },
    }),
  }
  const bare = { provision_state: 'available', deploy_interface: 'custom-agent', instance_info: {} } as const
  await using world = await worldWith(bare, { script })
  await world.request('active', 115, {
    deploy_steps: [{ interface: 'deploy', step: 'install_my_os', args: { url: 'x' }, priority: 80 }],
  })
  expect(await world.settled()).toMatchObject({ provision_state: 'active', last_error: null })
  const orders = world.agents[0]?.received.filter(({ name }) => name === 'deploy.execute_deploy_step') ?? []
  expect(orders.map(({ params }) => params['step'])).toMatchObject([{ step: 'install_my_os', args: { url: 'x' } }])
  expect((await world.node()).internal.fake?.boot_device).toBe('disk')
})
