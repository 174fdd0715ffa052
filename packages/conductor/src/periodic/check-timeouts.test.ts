import { expect, test } from 'vitest'
import { pino } from 'pino'
import type { Clock } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import type { NodeRecord } from '../core/node.ts'
import type { ProvisionParts } from '../provision/parts.ts'
import type { Commit } from '../store/store.ts'
import { checkTimeouts } from './check-timeouts.ts'

const year = 365 * 24 * 3600 * 1000

/** One waiting node; time passes by `pass`, and somebody sets the wall clock by `jump`. */
function waiting() {
  let [wall, monotonic] = [Date.parse('2026-01-01'), 0]
  const clock: Clock = { ...systemClock, now: () => new Date(wall), monotonicMs: () => monotonic }
  const node = {
    uuid: 'u',
    provision_state: 'wait call-back',
    provision_updated_at: clock.now().toISOString(),
    maintenance: false,
    reservation: null,
    revision: 1,
    internal: {},
  } as unknown as NodeRecord
  const failed: unknown[] = []
  const store = {
    nodes: async () => [node],
    commit: async ({ open }: Commit) => void failed.push(open?.args['reason']),
  }
  const job = checkTimeouts(
    {
      store,
      clock,
      log: pino({ level: 'silent' }),
      events: { progress: () => undefined },
      wake: () => undefined,
    } as unknown as ProvisionParts,
    { everyMs: 10_000, limitsMs: { 'wait call-back': 60_000 } },
  )
  return {
    failed,
    pass: async (seconds: number) => {
      wall += seconds * 1000
      monotonic += seconds * 1000
      await job.run(new AbortController().signal)
    },
    jump: (ms: number) => (wall += ms),
    beat: () => Object.assign(node, { provision_updated_at: clock.now().toISOString() }),
  }
}

test('a node that says nothing for as long as its state allows fails, one that says something does not', async () => {
  const { failed, pass, beat } = waiting()
  await pass(0)
  await pass(50)
  beat()
  await pass(10)
  await pass(50)
  expect(failed).toEqual([])
  await pass(10)
  expect(failed).toEqual([expect.stringMatching(/^Timeout reached/)])
})

test.each([10 * year, -10 * year, 3_600_000, -3_600_000])(
  'a clock that is set by %i ms neither ends a wait early nor puts it off',
  async (ms) => {
    const { failed, pass, jump } = waiting()
    await pass(0)
    jump(ms)
    await pass(50)
    expect(failed).toEqual([])
    await pass(10)
    expect(failed).toHaveLength(1)
  },
)
