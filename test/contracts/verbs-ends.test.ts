import { expect, test } from 'vitest'
import type { NodeRecord } from '@ferrite/conductor/core/node'
import { running, step, worldWith } from './verbs-bench.ts'

const fakeAll: Partial<NodeRecord> = {
  deploy_interface: 'fake',
  inspect_interface: 'fake',
  rescue_interface: 'fake',
  raid_interface: 'fake',
  bios_interface: 'fake',
}

test('a retired node that is deleted ends manageable', async () => {
  await using world = await worldWith(running({ retired: true, automated_clean: false }))
  await world.request('deleted')
  expect(await world.settled()).toMatchObject({ provision_state: 'manageable' })
  await expect(world.request('provide')).rejects.toThrow(/because it is retired/)
})

test('an instance asks only for traits that its node has', async () => {
  await using world = await worldWith({ provision_state: 'available' })
  const { instance_info } = await world.node()
  await world.change({ instance_info: { ...instance_info, traits: ['CUSTOM_X'] } })
  await expect(world.request('active')).rejects.toThrow(/CUSTOM_X/)
  expect((await world.node()).provision_state).toBe('available')
})

test('with fake interfaces every verb comes to its end at once', async () => {
  await using world = await worldWith({ provision_state: 'enroll', automated_clean: true, ...fakeAll })
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
