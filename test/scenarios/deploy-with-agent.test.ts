import { expect, test } from 'vitest'
import { World } from '../crashes/world.ts'

test('a node is led to active: agent booted, image written, boot device set, machine restarted', async () => {
  await using world = new World()
  await world.prepare()
  await world.start()
  await world.request('active')
  const node = await world.settled()
  expect(node).toMatchObject({ provision_state: 'active', target_provision_state: null, last_error: null })
  expect(node.internal).toMatchObject({ fake: { power: 'power on', boot_device: 'disk' } })
  const names = world.agents[0]?.received.map((one) => one.name)
  expect(names).toEqual([
    'deploy.get_deploy_steps',
    'deploy.execute_deploy_step',
    'standby.get_partition_uuids',
    'image.install_bootloader',
    'standby.power_off',
  ])
})
