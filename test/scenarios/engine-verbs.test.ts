import { expect, test } from 'vitest'
import type { NodeRecord } from '@ferrite/conductor/core/node'
import { World } from '../crashes/world.ts'

async function at(more: Partial<NodeRecord>): Promise<World> {
  const world = new World()
  await world.prepare(more)
  await world.start()
  return world
}
const said = async (world: World, target: string, microversion = 110) =>
  world.request(target, microversion).then(
    () => 'accepted',
    (error: Error & { code?: string; status?: number }) => `${error.status} ${error.message}`,
  )

test('an impossible verb is 400 in Ironic’s words, an unknown one the same', async () => {
  await using world = await at({ provision_state: 'available' })
  for (const target of ['provide', 'bogus', 'unrescue', 'constructor']) {
    expect(await said(world, target)).toBe(
      `400 The requested action "${target}" can not be performed on node "${world.uuid}" while it is in state "available".`,
    )
  }
})

test.each([
  [{ maintenance: true }, 'active', /^400 The provisioning operation can't be performed on node .* maintenance mode/],
  [{ provision_state: 'active', protected: true }, 'deleted', /^403 Node .* is protected/],
  [{ provision_state: 'active', protected: true }, 'rebuild', /^403 Node .* is protected/],
  [{ instance_info: {} }, 'active', /^400 Failed to validate deploy or power info for node .*image_source/],
  [{ provision_state: 'manageable' }, 'inspect', /^400 Driver fake-hardware does not support inspection/],
  [{ provision_state: 'manageable' }, 'clean', /^400 "clean_steps" is required/],
  [{ provision_state: 'active' }, 'service', /^400 "service_steps" is required/],
] as [Partial<NodeRecord>, string, RegExp][])('%j refuses %s and stays as it is', async (more, target, why) => {
  await using world = await at(more)
  const before = await world.node()
  expect(await said(world, target)).toMatch(why)
  expect((await world.node()).revision).toBe(before.revision)
})

test('a verb that is too new for the client is 406', async () => {
  await using world = await at({ provision_state: 'available' })
  expect(await said(world, 'deploy', 72)).toMatch(/^406 .*1\.73/)
})

test('a node that somebody works on is 409, naming the holder', async () => {
  await using world = await at({ provision_state: 'available' })
  await world.request('active')
  expect(await said(world, 'deleted')).toMatch(/^409 Node .* is locked by host one/)
  await world.settled()
})

test('enroll to available and back: manage, provide with cleaning, manage', async () => {
  await using world = await at({ provision_state: 'enroll' })
  await world.request('manage')
  expect(await world.settled()).toMatchObject({ provision_state: 'manageable', last_error: null })
  await world.request('provide')
  const node = await world.settled()
  expect(node).toMatchObject({ provision_state: 'available', clean_step: {}, target_provision_state: null })
  const steps = world.agents[0]?.received.map((one) => one.name)
  expect(steps).toEqual(['clean.get_clean_steps', 'clean.execute_clean_step'])
  await world.request('manage')
  expect(await world.settled()).toMatchObject({ provision_state: 'manageable' })
})

test('an instance that is deleted leaves nothing of itself on the node', async () => {
  await using world = await at({ provision_state: 'available', automated_clean: false })
  await world.request('active')
  expect((await world.settled()).provision_state).toBe('active')
  await world.request('deleted')
  const node = await world.settled()
  expect(node).toMatchObject({ provision_state: 'available', instance_info: {}, instance_uuid: null, last_error: null })
  expect(node.internal).toMatchObject({ agent: { epoch: 1 } })
  expect(node.internal.agent?.token).toBeUndefined()
})

test('manual cleaning runs the ordered steps in their order and ends manageable', async () => {
  await using world = await at({ provision_state: 'manageable' })
  const clean_steps = ['erase_devices_metadata', 'erase_devices'].map((step) => ({ interface: 'deploy', step }))
  const caller = { user: null, project: null, source: 'test', request_id: 'req-1' }
  await world.services.provision.request(world.uuid, { target: 'clean', clean_steps }, caller, 110)
  expect(await world.settled()).toMatchObject({ provision_state: 'manageable', maintenance: false })
  const order = world.agents[0]?.received.slice(1).map((one) => (one.params['step'] as { step: string }).step)
  expect(order).toEqual(['erase_devices_metadata', 'erase_devices'])
})

test('power is changed by a worker, and a target nobody knows is refused', async () => {
  await using world = await at({ provision_state: 'available' })
  const caller = { user: null, project: null, source: 'test', request_id: 'req-1' }
  await world.services.power.request(world.uuid, 'power on', {}, caller)
  const node = await world.until((one) => one.target_power_state === null && one.power_state === 'power on')
  expect(node.last_error).toBeNull()
  await expect(world.services.power.request(world.uuid, 'sideways', {}, caller)).rejects.toMatchObject({ status: 400 })
})

test('heartbeats are believed only with the token of this boot, from the address that calls', async () => {
  await using world = await at({ provision_state: 'available' })
  world.boots = false
  await world.request('active')
  await world.until((node) => node.provision_state === 'wait call-back' && !node.reservation)
  const peer = '127.0.0.1'
  const answer = await world.callback.lookup({ addresses: ['52:54:00:aa:bb:01'], microversion: 62, peer })
  const agent_token = answer.config?.agent_token ?? ''
  const beat = (body: object) =>
    world.callback
      .heartbeat(
        world.uuid,
        { callback_url: 'http://127.0.0.1:1', agent_version: '12.0', ...body },
        { microversion: 68, peer },
      )
      .then(
        () => 'accepted',
        (error: Error) => error.message,
      )
  expect(await beat({})).toBe('Agent token is required for heartbeat processing.')
  expect(await beat({ agent_token: agent_token.slice(1) })).toBe('Invalid or missing agent token received.')
  expect(await beat({ agent_token, callback_url: 'http://169.254.169.254' })).toMatch(/is refused/)
  expect((await world.node()).internal.agent?.url).toBeUndefined()
  expect(await beat({ agent_token })).toBe('accepted')
  expect(await beat({ agent_token, callback_url: 'http://127.0.0.1:2' })).toMatch(
    /Detected change in ramdisk provided "callback_url"/,
  )
})

test('a lookup of a node that is not being provisioned is answered like one of a stranger', async () => {
  await using world = await at({ provision_state: 'available' })
  const ask = (address: string) =>
    world.callback
      .lookup({ addresses: [address], microversion: 62, peer: '127.0.0.1' })
      .catch((error: Error) => error.message)
  expect(await ask('52:54:00:aa:bb:01')).toBe('Resource could not be found.')
  expect(await ask('52:54:00:00:00:00')).toBe('Resource could not be found.')
})
