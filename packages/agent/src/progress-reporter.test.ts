import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Fault } from '@ferrite/shared/fault'
import { progressReport } from '@ferrite/shared/contracts/callback'
import type { Progress, ProgressReport } from '@ferrite/shared/contracts/callback'
import { fakeClock } from './fake-clock.ts'
import { reportProgress } from './progress-reporter.ts'

const at = (bytes: number): Progress => ({
  phase: 'write',
  bytes_received: bytes,
  bytes_written: bytes,
  bytes_verified: 0,
  bytes_total: 100,
  rate: 1,
  eta_ms: null,
  elapsed_ms: 1,
  resumes: 0,
  bytes_wasted: 0,
})

test('progress is told when it changed, once a second, and a failed report is no harm', async () => {
  const stop = new AbortController()
  const clock = fakeClock()
  const states = [undefined, at(1), at(1), at(2), at(3)]
  const sent: ProgressReport[] = []
  await reportProgress({
    clock,
    log: pino({ level: 'silent' }),
    nodeUuid: '11111111-2222-4333-8444-555555555555',
    token: () => 't',
    signal: stop.signal,
    runner: {
      progress() {
        if (states.length === 1) stop.abort()
        const progress = states.shift()
        return progress && { id: 'c', name: 'execute_deploy_step', progress }
      },
    },
    async send(report) {
      sent.push(report)
      if (sent.length === 2) throw new Fault('lookup_failed', 'no')
    },
  })
  expect(sent.map(({ progress }) => progress.bytes_written)).toEqual([1, 2])
  expect(clock.slept.every((ms) => ms === 1_000)).toBe(true)
  expect(progressReport.safeParse(sent[0]).success).toBe(true)
})
