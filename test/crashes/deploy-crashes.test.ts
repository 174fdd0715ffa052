import { expect, test } from 'vitest'
import { World, type Crash } from './world.ts'

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

const deployCommits = await count('active')
const crashes = (commits: number): Crash[] =>
  Array.from({ length: commits }, (_, index) => index + 1).flatMap((commit) => [
    { commit, when: 'before' as const },
    { commit, when: 'after' as const },
  ])

test.concurrent.each(crashes(deployCommits))('a deploy goes on after a crash $when commit $commit', async (crash) => {
  await using world = await surviveCrash('active', crash)
  const node = await world.settled()
  expect(node.provision_state, String(node.last_error)).toMatch(/^(active|deploy failed)$/)
  if (node.provision_state === 'deploy failed') expect(node.last_error).toBeTruthy()
  else expect(node.internal.fake).toMatchObject({ power: 'power on', boot_device: 'disk' })
  for (const agent of world.agents) {
    const writes = agent.received.filter((one) => one.name === 'deploy.execute_deploy_step')
    expect(writes.length, 'the image is written once a boot').toBeLessThanOrEqual(1)
  }
})

const deleteCommits = await count('deleted')
test.concurrent.each(crashes(deleteCommits))(
  'an undeploy with cleaning goes on after a crash $when commit $commit',
  async (crash) => {
    await using world = await surviveCrash('deleted', crash)
    const node = await world.settled()
    expect(node.provision_state, String(node.last_error)).toMatch(/^(available|clean failed)$/)
    if (node.provision_state === 'clean failed') expect(node.last_error).toBeTruthy()
  },
)
