import { expect, test } from 'vitest'
import { World } from '../crashes/world.ts'

const long = { ms: 60_000, result: null }
const writing = { 'deploy.execute_deploy_step': () => long }

async function begun(...given: ConstructorParameters<typeof World>): Promise<World> {
  const world = new World(...given)
  await world.prepare()
  await world.start()
  await world.request('active')
  return world
}
const isWriting = (world: World) =>
  world.until(
    (node) =>
      node.provision_state === 'wait call-back' && node.deploy_step['step'] === 'write_image' && !node.reservation,
  )

test('an agent that is killed in the middle of a write fails the deploy within seconds, with the reason', async () => {
  await using world = await begun(writing)
  await isWriting(world)
  world.killAgent()
  const node = await world.settled(5_000)
  expect(node.provision_state).toBe('deploy failed')
  expect(node.last_error).toMatch(/write_image failed .*agent at http.* is gone/)
  expect(node.internal.fake?.power).toBe('power off')
})

test('an agent that comes back fresh while its write was expected fails the deploy', async () => {
  await using world = await begun(writing)
  await isWriting(world)
  world.agent?.commands.splice(0)
  const node = await world.settled(5_000)
  expect(node).toMatchObject({ provision_state: 'deploy failed' })
  expect(node.last_error).toMatch(/the agent was restarted/)
})

test('what the agent says of a failed write is what the operator reads', async () => {
  const error = { type: 'ImageChecksumError', code: 500, message: 'Error', details: 'sha256 is bbbb, not aaaa' }
  await using world = await begun({ 'deploy.execute_deploy_step': () => ({ error }) })
  const node = await world.settled()
  expect(node).toMatchObject({
    provision_state: 'deploy failed',
    last_error: `Deploy step deploy.write_image failed on node ${world.uuid}. sha256 is bbbb, not aaaa`,
    deploy_step: {},
  })
  const history = await world.history()
  expect(history.find((entry) => entry.severity === 'ERROR')?.event).toBe(node.last_error)
})

test('an agent that says SUCCEEDED for another step has not done this one', async () => {
  const lie = { ms: 5, result: { deploy_result: null, deploy_step: { interface: 'deploy', step: 'other' } } }
  await using world = await begun({ 'deploy.execute_deploy_step': () => lie }, { deploy_callback_timeout: 1 })
  await isWriting(world)
  world.killAgent()
  expect((await world.settled(6_000)).provision_state).toBe('deploy failed')
})

test('nobody comes: the deploy ends at its timeout with Ironic’s text', async () => {
  await using world = new World({}, { deploy_callback_timeout: 0.3 })
  await world.prepare({ maintenance: false })
  world.boots = false
  await world.start()
  await world.request('active')
  const node = await world.settled(5_000)
  expect(node).toMatchObject({
    provision_state: 'deploy failed',
    last_error: expect.stringContaining(`Timeout reached while waiting for callback for node ${world.uuid}`) as unknown,
  })
})

test('a second machine that claims the node while the token is out ends the deploy before a secret leaves', async () => {
  await using world = new World()
  await world.prepare()
  world.boots = false
  await world.start()
  await world.request('active')
  await world.until((node) => node.provision_state === 'wait call-back' && !node.reservation)
  const query = { addresses: ['52:54:00:aa:bb:01'], microversion: 62 }
  const first = await world.callback.lookup({ ...query, peer: '10.0.0.1' })
  expect(first.config?.agent_token).toHaveLength(43)
  expect((await world.callback.lookup({ ...query, peer: '10.0.0.1' })).config?.agent_token).toBe('******')
  await expect(world.callback.lookup({ ...query, peer: '10.0.0.2' })).rejects.toMatchObject({ code: 'not_found' })
  const node = await world.settled(5_000)
  expect(node.provision_state).toBe('deploy failed')
  expect(node.last_error).toMatch(/two machines claimed to be this node/)
  const told = (await world.events()).filter((event) => event.type === 'agent').map((event) => event.what)
  expect(told).toContain('token_contention')
})

test('a machine that asks while the next boot is only being prepared does not get the token of that boot', async () => {
  await using world = new World()
  await world.prepare({ driver_info: { fake_boot_delay: 0.2 } })
  await world.start()
  await world.request('active')
  await world.until(({ internal }) => internal.agent?.epoch === 1 && internal.fake?.power !== 'power on')
  const late = { addresses: ['52:54:00:aa:bb:01'], microversion: 62, peer: '127.0.0.1' }
  await expect(world.callback.lookup(late)).rejects.toMatchObject({ code: 'not_found' })
  expect(await world.settled()).toMatchObject({ provision_state: 'active', last_error: null })
})

test('an agent that comes just as its boot is begun again is not waited for once its power is cut', async () => {
  await using world = new World()
  world.boots = false
  await world.prepare({
    provision_state: 'active',
    internal: { fake: { power: 'power on', boot_device: 'disk' } },
    driver_info: { fake_power_delay: 0.2 },
    rescue_interface: 'agent',
  })
  await world.start()
  await world.request('rescue', 115, { rescue_password: 'let me in' })
  await world.until(({ internal }) => internal.agent?.epoch === 1 && internal.fake?.power === 'power on')
  await world.stop()
  await world.start()
  await world.until(({ internal }) => internal.flow?.attempt === 2)
  const late = { addresses: ['52:54:00:aa:bb:01'], microversion: 62, peer: '127.0.0.1' }
  await world.callback.lookup(late).catch(() => undefined)
  const { internal } = await world.until((node) => node.provision_state === 'rescue wait')
  expect(internal.agent).toMatchObject({ epoch: 2 })
  expect(internal.agent).not.toHaveProperty('looked_up_from')
  expect(internal.fake?.power).toBe('power on')
})

test('abort ends a waiting deploy, powers the machine off and says who asked', async () => {
  await using world = await begun(writing)
  await isWriting(world)
  await expect(world.request('abort', 109)).rejects.toMatchObject({ code: 'not_acceptable' })
  await world.request('abort', 110)
  const node = await world.settled()
  expect(node.provision_state).toBe('deploy failed')
  expect(node.last_error).toMatch(/^By request, the deploy operation was aborted/)
  expect(node.internal.fake?.power).toBe('power off')
})

test('a cleaning that fails puts the node into maintenance with its fault', async () => {
  const error = { type: 'BlockDeviceEraseError', code: 500, message: 'Error', details: 'sda would not' }
  await using world = new World({ 'clean.execute_clean_step': () => ({ error }) })
  await world.prepare({ provision_state: 'manageable' })
  await world.start()
  await world.request('provide')
  expect(await world.settled()).toMatchObject({
    provision_state: 'clean failed',
    maintenance: true,
    fault: 'clean failure',
    clean_step: {},
    last_error: `Clean step deploy.erase_devices_metadata failed on node ${world.uuid}. sda would not`,
  })
})

test('a cleaning whose agent offers no steps fails before anything was touched, and needs no maintenance', async () => {
  await using world = new World({ 'clean.get_clean_steps': () => ({ error: { details: 'no disks yet' } }) })
  await world.prepare({ provision_state: 'manageable' })
  await world.start()
  await world.request('provide')
  expect(await world.settled()).toMatchObject({ provision_state: 'clean failed', maintenance: false, fault: null })
})

test('changed hardware managers start an automated cleaning over', async () => {
  let sent = 0
  await using world = new World({
    'clean.execute_clean_step': (params) => {
      sent += 1
      const result = { clean_result: null, clean_step: params['step'] }
      return sent === 1 ? { status: 'CLEAN_VERSION_MISMATCH' } : { result }
    },
  })
  await world.prepare({ provision_state: 'manageable' })
  await world.start()
  await world.request('provide')
  expect(await world.settled()).toMatchObject({ provision_state: 'available', last_error: null })
  expect(world.agents[0]?.received.filter((one) => one.name === 'clean.get_clean_steps')).toHaveLength(2)
})

test('a cleaning that starts over has been at work, so its failure asks for a person', async () => {
  const offer = { priority: 9, interface: 'deploy', reboot_requested: false, abortable: true }
  const clean_steps = {
    Mine: [
      { ...offer, step: 'one' },
      { ...offer, step: 'two', priority: 8 },
    ],
  }
  let asked = 0
  await using world = new World({
    'clean.get_clean_steps': () =>
      (asked += 1) === 1
        ? { result: { clean_steps, hardware_manager_version: { mine: '1' } } }
        : { error: { details: 'no disks any more' } },
    'clean.execute_clean_step': ({ step }) =>
      (step as { step: string }).step === 'one'
        ? { result: { clean_result: null, clean_step: step } }
        : { status: 'CLEAN_VERSION_MISMATCH' },
  })
  await world.prepare({ provision_state: 'manageable' })
  await world.start()
  await world.request('provide')
  expect(await world.settled()).toMatchObject({
    provision_state: 'clean failed',
    maintenance: true,
    fault: 'clean failure',
  })
})

test('a command whose answer is lost on the way is not sent twice', async () => {
  await using world = await begun({
    'deploy.execute_deploy_step': (params) => ({
      ms: 200,
      drops: true,
      result: { deploy_result: { result: 'written' }, deploy_step: params['step'] },
    }),
  })
  expect((await world.settled()).provision_state).toBe('active')
  const writes = world.agents[0]?.received.filter((one) => one.name === 'deploy.execute_deploy_step')
  expect(writes).toHaveLength(1)
  expect(writes?.[0]?.headers['x-request-id']).toMatch(/^req-/)
  expect(writes?.[0]?.headers['x-ferrite-fence']).toMatch(/^\d+$/)
})

test('the write is ordered as Ironic orders it: one step, image_info without image_type, token in the query', async () => {
  await using world = await begun()
  await world.settled()
  const write = world.agents[0]?.received.find((one) => one.name === 'deploy.execute_deploy_step')
  expect(write?.params).toMatchObject({
    step: { interface: 'deploy', step: 'write_image', args: { configdrive: null } },
    deploy_version: { generic_hardware_manager: '1.2' },
    node: { uuid: world.uuid, driver_internal_info: { agent_secret_token: '******' } },
    ports: [{ address: '52:54:00:aa:bb:01' }],
  })
  const info = (write?.params['step'] as { args?: { image_info: object } } | undefined)?.args?.image_info
  expect(info).toMatchObject({ id: 'disk.img', disk_format: 'raw', container_format: 'bare', os_hash_algo: 'sha256' })
  expect(info).not.toHaveProperty('image_type')
  expect(write?.token).toHaveLength(43)
})
