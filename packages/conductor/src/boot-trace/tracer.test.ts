import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withBoot } from '../core/boot-trace.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { openSqliteStore } from '../store/sqlite.ts'
import type { Store } from '../store/store.ts'
import { createTracer, type BootTracer } from './tracer.ts'
import { bootTraceView } from './view.ts'

let directory: string
let store: Store
let tracer: BootTracer
let uuid: string
let now = new Date('2026-01-01T00:00:00Z')
const clock: Clock = { ...systemClock, now: () => now }
const mac = '52:54:00:00:00:01'

beforeEach(async () => {
  now = new Date('2026-01-01T00:00:00Z')
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-trace-'))
  store = openSqliteStore({ directory, clock, host: 'c1' })
  tracer = createTracer({ store, clock, log: pino({ level: 'silent' }) })
  const boots = withBoot([], 1, now.toISOString())
  const internal = { agent: { epoch: 1 }, boots }
  uuid = (await store.createNode({ driver: 'ipmi', provision_state: 'wait call-back', internal }, [])).uuid
  await store.createPort({ node_uuid: uuid, address: mac })
})
afterEach(async () => {
  await tracer[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const signs = async () =>
  (await store.node(uuid))?.internal.boots?.at(-1)?.signs.map(({ what, count }) => [what, count])

test('signs are kept in order, with an event each, and a repeated one is counted', async () => {
  tracer.sawMac(mac, { what: 'dhcp_request' })
  tracer.sawNode(uuid, { what: 'script_sent' })
  await tracer.settled()
  now = new Date('2026-01-01T00:00:30Z')
  tracer.sawMac(mac, { what: 'dhcp_request' })
  await tracer.settled()
  expect(await signs()).toEqual([
    ['dhcp_request', 2],
    ['script_sent', 1],
  ])
  const events = (await store.eventsAfter(0, 10)).filter(({ type }) => type === 'boot')
  expect(events.map((event) => event.type === 'boot' && event.what)).toEqual(['dhcp_request', 'script_sent'])
})

test('a flood of the same sign is one write', async () => {
  for (let turn = 0; turn < 50; turn += 1) tracer.sawMac(mac, { what: 'dhcp_request' })
  await tracer.settled()
  expect(await signs()).toEqual([['dhcp_request', 1]])
})

test('machines that nobody enrolled, and boots that are over, leave no trace', async () => {
  tracer.sawMac('52:54:00:99:99:99', { what: 'dhcp_request' })
  await store.commit({ node_uuid: uuid, guard: { any: true }, set: { provision_state: 'active' } })
  tracer.sawMac(mac, { what: 'dhcp_request' })
  await tracer.settled()
  expect(await signs()).toEqual([])
})

test('who asks for an address once the ramdisk was sent is the ramdisk', async () => {
  tracer.sawNode(uuid, { what: 'ramdisk_sent' })
  tracer.sawMac(mac, { what: 'dhcp_request', detail: 'ferrite' })
  await tracer.settled()
  expect((await signs())?.at(-1)).toEqual(['ramdisk_dhcp', 1])
})

test('people see the newest boot first, with seconds since power on', async () => {
  tracer.sawNode(uuid, { what: 'power_on' })
  await tracer.settled()
  now = new Date('2026-01-01T00:00:12.5Z')
  tracer.sawNode(uuid, { what: 'kernel_sent', bytes: 10, total: 10 })
  await tracer.settled()
  const node = await store.node(uuid)
  expect(node && bootTraceView(node)).toMatchObject({
    boots: [{ epoch: 1, reached: 'kernel_sent', signs: [{ seconds: 0 }, { what: 'kernel_sent', seconds: 12.5 }] }],
  })
})
