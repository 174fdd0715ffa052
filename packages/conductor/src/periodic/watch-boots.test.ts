import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { BootTracer } from '../boot-trace/tracer.ts'
import type { Clock } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import type { NodeRecord } from '../core/node.ts'
import type { Commit } from '../store/store.ts'
import { watchBoots } from './watch-boots.ts'

/** One machine that boots from the network; time passes by `pass`, and somebody sets the wall clock by `jump`. */
function booting() {
  let [wall, monotonic] = [Date.parse('2026-01-01'), 0]
  const clock: Clock = { ...systemClock, now: () => new Date(wall), monotonicMs: () => monotonic }
  const at = () => clock.now().toISOString()
  const signs = [{ what: 'power_on', at: at() }]
  const node = {
    uuid: 'u',
    provision_state: 'wait call-back',
    maintenance: false,
    reservation: null,
    internal: { agent: { epoch: 1 }, flow: { phase: 'waiting' }, boots: [{ epoch: 1, started_at: at(), signs }] },
  } as unknown as NodeRecord
  const failed: unknown[] = []
  const store = {
    nodes: async () => [node],
    ports: async () => [],
    commit: async ({ open }: Commit) => void failed.push(open?.args['reason']),
  }
  const power = { getPowerState: async () => 'power on' }
  const interfaces = { power, boot: { sees: 'network boot' }, network: {} }
  const job = watchBoots({
    ...{ store, clock, wake: () => undefined, log: pino({ level: 'silent' }) },
    interfacesOf: () => interfaces,
    tracer: { movement: () => undefined } as unknown as BootTracer,
    ...{ everyMs: 10_000, firmwareMs: 60_000, stageMs: 60_000, seesDhcp: false, since: clock.now() },
    ...{ dhcpTrouble: () => undefined, bootUrl: () => 'http://10.0.0.1' },
  } as unknown as Parameters<typeof watchBoots>[0])
  return {
    failed,
    pass: async (seconds: number) => {
      wall += seconds * 1000
      monotonic += seconds * 1000
      await job.run(new AbortController().signal)
    },
    jump: (ms: number) => (wall += ms),
    sign: (what: string) => signs.push({ what, at: at() }),
  }
}

test('a boot that shows no new sign for as long as it may fails, one that moves on does not', async () => {
  const { failed, pass, sign } = booting()
  for (let turn = 0; turn < 5; turn += 1) await pass(10)
  sign('dhcp')
  for (let turn = 0; turn < 5; turn += 1) await pass(10)
  expect(failed).toEqual([])
  await pass(10)
  expect(failed).toEqual([expect.stringMatching(/^The machine does not boot the ramdisk/)])
})

test.each([3_600_000, -3_600_000])('a clock that is set by %i ms ends no boot, nor lets it go on', async (ms) => {
  const { failed, pass, jump } = booting()
  await pass(10)
  jump(ms)
  for (let turn = 0; turn < 4; turn += 1) await pass(10)
  expect(failed).toEqual([])
  for (let turn = 0; turn < 2; turn += 1) await pass(10)
  expect(failed.length).toBeGreaterThan(0)
})
