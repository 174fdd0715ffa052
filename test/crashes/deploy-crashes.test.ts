import type { NodeRecord } from '@ferrite/conductor/core/node'
import { expect, test, vi } from 'vitest'
import { testTimeoutMs, World, type Crash } from './world.ts'

vi.setConfig({ testTimeout: testTimeoutMs })

// A conductor that dies at any commit: `before` leaves an effect without its record, `after` an intent without its
// effect. The list is made by counting the commits of a whole deployment, so that a new step is covered on arrival.
async function count(target: 'active' | 'deleted'): Promise<number> {
  await using world = new World()
  await world.prepare(target === 'deleted' ? { provision_state: 'active', power_state: 'power on' } : {})
  await world.start()
  await world.request(target)
  const node = await world.settled()
  expect(node.provision_state).toBe(target === 'deleted' ? 'available' : 'active')
  return world.commits
}

async function surviveCrash(target: 'active' | 'deleted', crash: Crash): Promise<World> {
  const world = new World()
  await world.prepare(target === 'deleted' ? { provision_state: 'active', power_state: 'power on' } : {})
  await world.start()
  world.crash = crash
  void world.request(target).catch(() => undefined)
  // How many heartbeats there are is chance: the last commits of the count may not come this time.
  const ended = world.until(
    (node) => node.internal.flow === undefined && world.commits > 1 && node.reservation === null,
  )
  const crashed = await Promise.race([world.crashed.promise.then(() => true), ended.then(() => false)])
  if (!crashed) return world
  ended.catch(() => undefined)
  await world.start()
  // The very first commit was the request: unanswered, so its client asks again.
  const untouched = (await world.node()).internal.flow === undefined && crash.commit === 1 && crash.when === 'before'
  if (untouched) await world.request(target)
  return world
}

function endOf({ provision_state, last_error, internal }: NodeRecord): string {
  if (provision_state !== 'active') return last_error === null ? provision_state : `${provision_state}: ${last_error}`
  const runs = internal.fake?.power === 'power on' && internal.fake.boot_device === 'disk'
  return runs ? 'active, running from its disk' : 'active, but not running from its disk'
}

const deployCommits = await count('active')
const crashes = (commits: number): Crash[] =>
  Array.from({ length: commits }, (_, index) => index + 1).flatMap((commit) => [
    { commit, when: 'before' as const },
    { commit, when: 'after' as const },
  ])

test.concurrent.each(crashes(deployCommits))('a deploy goes on after a crash $when commit $commit', async (crash) => {
  await using world = await surviveCrash('active', crash)
  const node = await world.settled()
  expect(endOf(node)).toMatch(/^active, running from its disk$|^deploy failed: ./)
  // The image is written once a boot, whatever the conductor forgot.
  const writes = world.agents.map((agent) => agent.received.filter((one) => one.name.includes('execute')).length)
  expect(Math.max(...writes)).toBeLessThanOrEqual(1)
})

const deleteCommits = await count('deleted')
test.concurrent.each(crashes(deleteCommits))(
  'an undeploy with cleaning goes on after a crash $when commit $commit',
  async (crash) => {
    await using world = await surviveCrash('deleted', crash)
    const node = await world.settled()
    expect(endOf(node)).toMatch(/^available$|^clean failed: ./)
  },
)
