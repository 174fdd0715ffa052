import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { deployBench } from './deploy-bench.ts'

/** The image travels for about two seconds, so that the later moments lie in the middle of the write. */
const bytesPerSecond = 2_000_000

test.each([100, 1_000, 2_000, 3_500])(
  'kill -9 of the conductor %i ms into a deploy, restart: the deploy goes on to its end',
  async (ms) => {
    const { lab, machine, uuid, content, image } = await deployBench()
    lab.images.fault('debian', { bytesPerSecond })
    await lab.api.deploy(uuid, image)
    await delay(ms)
    await lab.conductor.kill()
    await lab.conductor.start()
    const node = await lab.api.settled(uuid)

    expect(node).toMatchObject({ provision_state: 'active', power_state: 'power on', last_error: null })
    expect(Buffer.from(await machine.disk.read(content.length, 0)).equals(content)).toBe(true)
    expect(await machine.until('running', 'nothing to boot')).toBe('running')
  },
  90_000,
)
