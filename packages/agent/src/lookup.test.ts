import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import { fakeClock } from './fake-clock.ts'
import { lookUp } from './lookup.ts'
import { adoptToken } from './token.ts'

const log = pino({ level: 'silent' })
const found = { node: { uuid: 'u' }, config: { heartbeat_timeout: 300 } }
type Answer = Fault | typeof found

function setUp(answers: Answer[], timeoutMs = 600_000) {
  const clock = fakeClock()
  let asked = 0
  const client = {
    async lookup() {
      const answer = answers[Math.min(asked, answers.length - 1)]
      asked += 1
      if (!answer || answer instanceof Fault) throw answer ?? new Fault('bug', 'no answer')
      return answer
    },
  }
  const { signal } = new AbortController()
  const done = lookUp({ client, addresses: ['52:54:00:00:00:01'], clock, log, signal, timeoutMs, intervalMs: 1_000 })
  return { done, clock, asked: () => asked }
}

const unknown = new Fault('lookup_failed', 'the lookup was refused with 404')
const locked = new Fault('conflict', 'the node is locked')

test('waits grow from the interval to half a minute on average while nobody knows us', async () => {
  const { done, clock } = setUp([...Array.from({ length: 8 }, () => unknown), found])
  expect(await done).toEqual(found)
  expect(clock.slept).toEqual([1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
})

test('a locked node is asked again after 5, 10 and 30 seconds, within one try', async () => {
  const { done, clock, asked } = setUp([locked, locked, locked, found])
  await done
  expect(clock.slept).toEqual([5_000, 10_000, 30_000])
  expect(asked()).toBe(4)
})

test('when the time is over the refusal says for whom and why', async () => {
  const { done, clock } = setUp([unknown], 60_000)
  await expect(done).rejects.toThrow('the lookup of 52:54:00:00:00:01 was given up')
  expect(clock.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(60_000)
})

test('a timeout of zero means one try', async () => {
  const { done, asked } = setUp([unknown], 0)
  await expect(done).rejects.toThrow(Fault)
  expect(asked()).toBe(1)
})

const token = 'x'.repeat(43)

test('a token of 32 characters or more is adopted, a shorter one is not', () => {
  expect(adoptToken(undefined, token)?.reveal()).toBe(token)
  expect(adoptToken(undefined, 'short')).toBeUndefined()
  expect(adoptToken(undefined, null)).toBeUndefined()
})

test('a masked token is fine for an agent that has its own, and locks down one that has none', () => {
  const own = new Secret(token)
  expect(adoptToken(own, '******')).toBe(own)
  expect(() => adoptToken(undefined, '******')).toThrow(/given to somebody else/)
})
