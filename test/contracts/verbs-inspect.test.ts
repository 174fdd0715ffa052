import { expect, test } from 'vitest'
import { worldWith } from './verbs-bench.ts'

test('an inspection keeps the inventory, makes ports and properties, and turns the machine off', async () => {
  const hooks =
    'ramdisk-error,validate-interfaces,ports,architecture,cpus,memory,root-device,boot-mode,cpu-capabilities'
  await using world = await worldWith(
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
  await using world = await worldWith({ provision_state: 'manageable', inspect_interface: 'agent' })
  if (world.data) world.data['error'] = 'collector default failed: no CPU'
  await world.request('inspect')
  const node = await world.settled()
  expect(node.provision_state).toBe('inspect failed')
  expect(node.last_error).toMatch(/Ramdisk reported error: collector default failed: no CPU/)
})

test('rules change the node by what was found, and may fail the inspection', async () => {
  await using world = await worldWith({ provision_state: 'manageable', inspect_interface: 'agent' })
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
  await using world = await worldWith(
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
  await using world = await worldWith({ provision_state: 'manageable', inspect_interface: 'agent' })
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
  await using world = await worldWith({ provision_state: 'available', inspect_interface: 'agent' })
  const sent = { wantsNode: false, microversion: 1, peer: '127.0.0.1' }
  const { data } = world
  if (!data) throw new Error('no data')
  for (const node_uuid of [world.uuid, 'a0000000-0000-4000-8000-000000000000']) {
    await expect(world.callback.inspected({ ...sent, data, node_uuid })).rejects.toMatchObject({ status: 404 })
  }
  await expect(world.callback.inspected({ ...sent, data })).rejects.toMatchObject({ status: 404 })
  expect(await world.inventory()).toBeUndefined()
})
