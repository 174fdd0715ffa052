import { expect, test } from 'vitest'
import { World } from '../crashes/world.ts'

const often = { sync_power_state_interval: 0.05 }

test('a machine that is not in the power state on record is brought back to it', async () => {
  await using world = new World({}, often)
  await world.prepare({
    provision_state: 'active',
    power_state: 'power on',
    internal: { fake: { power: 'power off' } },
  })
  await world.start()
  const node = await world.until((one) => one.internal.fake?.power === 'power on')
  expect(node.power_state).toBe('power on')
})

test('where the record shall follow the machine, it does', async () => {
  await using world = new World({}, { ...often, force_power_state_during_sync: false })
  await world.prepare({
    provision_state: 'active',
    power_state: 'power on',
    internal: { fake: { power: 'power off' } },
  })
  await world.start()
  const node = await world.until((one) => one.power_state === 'power off')
  expect(node.internal.fake?.power).toBe('power off')
  expect((await world.events()).some((event) => event.type === 'power_state' && event.to === 'power off')).toBe(true)
})

test('a BMC that stays silent puts its node into maintenance, and the node comes back with it', async () => {
  await using world = new World(
    {},
    { ...often, power_state_sync_max_retries: 2, enabled_hardware_types: ['fake-hardware', 'redfish'] },
  )
  const redfish = { power_interface: 'redfish', driver_info: { redfish_address: 'http://127.0.0.1:9' } }
  await world.prepare({ provision_state: 'active', power_state: 'power on', ...redfish })
  await world.start()
  const lost = await world.until((one) => one.maintenance)
  expect(lost).toMatchObject({ fault: 'power failure', last_error: expect.stringMatching(/max retries exceeded/) })
  await world.change({ power_interface: 'fake', internal: { fake: { power: 'power on' } } })
  const back = await world.until((one) => !one.maintenance)
  expect(back).toMatchObject({ fault: null, power_state: 'power on', maintenance_reason: null })
})
