import { expect, test, vi } from 'vitest'
import { testTimeoutMs, World } from './world.ts'

vi.setConfig({ testTimeout: testTimeoutMs })

test.each(['deploy', 'write_image', 'prepare_instance_boot', 'tear_down_agent', 'boot_instance'])(
  'a conductor that is told to stop during %s leaves a deploy that the next one ends',
  async (step) => {
    await using world = new World({ 'image.install_bootloader': () => ({ ms: 100, result: null }) })
    await world.prepare()
    await world.start()
    await world.request('active')
    await world.until((node) => node.deploy_step['step'] === step || node.provision_state === 'active')
    await world.stop()
    await world.start()
    const node = await world.settled()
    expect(node).toMatchObject({ provision_state: 'active', last_error: null })
    const writes = world.agents.map((agent) => agent.received.filter((one) => one.name.includes('execute')).length)
    expect(Math.max(...writes)).toBe(1)
  },
)
