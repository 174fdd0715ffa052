import type { ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import type { NodeRecord } from '@ferrite/conductor/core/node'
import { describe, expect, test, vi } from 'vitest'
import { testTimeoutMs, World, type Crash } from './world.ts'

vi.setConfig({ testTimeout: testTimeoutMs })

type Case = { from: Partial<NodeRecord>; verb: string; body?: Omit<ProvisionRequest, 'target'>; ends: RegExp }

const running: Partial<NodeRecord> = {
  provision_state: 'active',
  power_state: 'power on',
  internal: { fake: { power: 'power on', boot_device: 'disk' } },
}
const step = (name: string, type = 'deploy') => ({ interface: type, step: name })

// What a conductor that dies at any commit must come to all the same. A failure must have a reason.
const cases: Record<string, Case> = {
  service: {
    from: running,
    verb: 'service',
    body: { service_steps: [step('reboot', 'power'), step('burnin_cpu')] },
    ends: /^active, running$|^service failed: ./,
  },
  rescue: {
    from: { ...running, rescue_interface: 'agent' },
    verb: 'rescue',
    body: { rescue_password: 'let me in' },
    ends: /^rescue, running$|^rescue failed: ./,
  },
  unrescue: {
    from: { ...running, provision_state: 'rescue', rescue_interface: 'agent' },
    verb: 'unrescue',
    ends: /^active, running$/,
  },
  inspect: {
    from: { provision_state: 'manageable', inspect_interface: 'agent' },
    verb: 'inspect',
    ends: /^manageable$|^inspect failed: ./,
  },
  clean: {
    from: { provision_state: 'manageable' },
    verb: 'clean',
    body: { clean_steps: [step('erase_devices'), { ...step('wait', 'power'), args: { seconds: 0 } }] },
    ends: /^manageable$|^clean failed: ./,
  },
}

async function begun({ from }: Case): Promise<World> {
  const world = new World()
  await world.prepare(from)
  await world.start()
  return world
}

const endOf = ({ provision_state, last_error, internal }: NodeRecord): string => {
  if (last_error !== null) return `${provision_state}: ${last_error}`
  const runs = provision_state === 'active' || provision_state === 'rescue'
  return runs ? `${provision_state}, ${internal.fake?.power === 'power on' ? 'running' : 'off'}` : provision_state
}

async function commitsOf(one: Case): Promise<number> {
  await using world = await begun(one)
  const before = world.commits
  await world.request(one.verb, 115, one.body)
  expect(endOf(await world.settled())).toMatch(one.ends)
  return world.commits - before
}

async function survive(one: Case, crash: Crash): Promise<World> {
  const world = await begun(one)
  const first = world.commits + crash.commit
  world.crash = { ...crash, commit: first }
  void world.request(one.verb, 115, one.body).catch(() => undefined)
  // How many heartbeats there are is chance: the last commits of the count may not come this time.
  const ended = world.until(
    (node) => node.internal.flow === undefined && world.commits > first - crash.commit + 1 && !node.reservation,
  )
  const crashed = await Promise.race([world.crashed.promise.then(() => true), ended.then(() => false)])
  if (!crashed) return world
  ended.catch(() => undefined)
  await world.start()
  // The very first commit was the request: unanswered, so its client asks again.
  const untouched = (await world.node()).internal.flow === undefined && crash.commit === 1 && crash.when === 'before'
  if (untouched) await world.request(one.verb, 115, one.body)
  return world
}

for (const [name, one] of Object.entries(cases)) {
  const commits = await commitsOf(one)
  // By turns, so that each commit is tried and the suite stays short; deployments try both for all of them.
  const crashes = Array.from({ length: commits }, (_, at): Crash => ({
    commit: at + 1,
    when: at % 2 === 0 ? 'before' : 'after',
  }))
  describe(`${name} goes on`, () => {
    test.concurrent.each(crashes)('after a crash $when commit $commit', async (crash) => {
      await using world = await survive(one, crash)
      expect(endOf(await world.settled())).toMatch(one.ends)
    })
  })
}
