import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Fault } from '@ferrite/shared/fault'
import { fakeClock } from './fake-clock.ts'
import { heartbeats } from './heartbeat.ts'
import type { Heartbeats } from './heartbeat.ts'

type On = (beat: number, beats: Heartbeats) => boolean | void

/** Times of the first beats in seconds; `on` is called at each and may fail it by returning false. */
async function beat(count: number, on: On = () => {}, unseen = () => false): Promise<number[]> {
  const clock = fakeClock()
  const stop = new AbortController()
  const times: number[] = []
  const beats = heartbeats({
    clock,
    log: pino({ level: 'silent' }),
    timeoutMs: 300_000,
    spacingMs: 5_000,
    unseen,
    async send() {
      times.push(clock.monotonicMs() / 1000)
      if (times.length >= count) stop.abort()
      if (on(times.length, beats) === false) throw new Fault('lookup_failed', 'no')
    },
  })
  await beats.run(stop.signal)
  return times
}

test('the first beat is at once, the next after 0.3 to 0.6 of the timeout', async () => {
  expect(await beat(3)).toEqual([0, 135, 270])
})

test('after an error the next beat comes in 5 to 10 seconds', async () => {
  expect(await beat(3, (n) => n !== 1)).toEqual([0, 7.5, 142.5])
})

test('a forced beat comes as soon as the spacing allows', async () => {
  expect(await beat(3, (n, beats) => void (n === 1 && beats.force()))).toEqual([0, 5, 140])
})

test('a beat that nobody reacted to is repeated with growing pauses', async () => {
  expect(await beat(6, undefined, () => true)).toEqual([0, 5, 15, 35, 75, 155])
})
