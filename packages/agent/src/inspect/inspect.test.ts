import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { Agent } from 'undici'
import { expect, test } from 'vitest'
import { conductorClient } from '../conductor-client.ts'
import { fakeClock } from '../fake-clock.ts'
import { virtualHardware } from '../hardware/virtual.ts'
import { inspect } from './inspect.ts'

type Reply = { status: number; body?: unknown }
const log = pino({ level: 'silent' })

/** A server that answers in this order and remembers what it was sent. */
async function conductor(replies: Reply[]) {
  const seen: { path: string | undefined; version: string | string[] | undefined; body: Record<string, unknown> }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => (text += String(chunk)))
    request.on('end', () => {
      if (request.method === 'GET') {
        response.end(JSON.stringify({ default_version: { version: '1.115' } }))
        return
      }
      const version = request.headers['x-openstack-ironic-api-version']
      seen.push({ path: request.url, version, body: JSON.parse(text) as Record<string, unknown> })
      const { status, body } = replies.shift() ?? { status: 500 }
      response.writeHead(status).end(body === undefined ? '' : JSON.stringify(body))
    })
  })
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done)
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, seen, [Symbol.asyncDispose]: async () => void server.close() }
}

const hardware = virtualHardware({
  disks: [],
  macs: ['52:54:00:00:00:01'],
  bootMode: 'bios',
  onPowerOff: async () => {},
  onReboot: async () => {},
})

async function inspectWith(replies: Reply[], { collectors = ['default'], known = true } = {}) {
  await using server = await conductor(replies)
  const dispatcher = new Agent()
  const client = conductorClient({ urls: known ? [server.url] : [], dispatcher, timeoutMs: 5_000, log })
  const clock = fakeClock()
  const found = await inspect({
    url: `${server.url}/v1/continue_inspection`,
    collectors,
    bootMac: '52:54:00:00:00:01',
    dhcp: { timeoutMs: 60_000, everyInterface: false },
    send: (url, data, signal) => client.inspected(url, data, signal),
    hardware,
    clock,
    log,
    signal: AbortSignal.timeout(20_000),
  })
  await dispatcher.close()
  return { found, seen: server.seen }
}
const uuid = 'a0000000-0000-4000-8000-000000000000'

test('what was found is sent with the newest version that knows it; the answer is as good as a lookup', async () => {
  const answer = { node: { uuid }, config: { heartbeat_timeout: 300, agent_token: 'x'.repeat(43) } }
  const { found, seen } = await inspectWith([{ status: 202, body: answer }])
  expect(found).toMatchObject({ nodeUuid: uuid, answer: { config: { heartbeat_timeout: 300 } } })
  expect(seen).toHaveLength(1)
  expect(seen[0]).toMatchObject({
    path: '/v1/continue_inspection',
    version: '1.84',
    body: {
      inventory: { interfaces: [{ mac_address: '52:54:00:00:00:01' }], cpu: { count: expect.any(Number) } },
      root_disk: null,
      error: null,
      configuration: { collectors: ['default'] },
    },
  })
})

test('an old inspector is spoken to without a version, and tells the uuid alone', async () => {
  const { found, seen } = await inspectWith([{ status: 202, body: { uuid } }], { known: false })
  expect(found).toEqual({ nodeUuid: uuid })
  expect(seen[0]?.version).toBeUndefined()
})

test('a conductor that is busy or broken is asked again, up to five times', async () => {
  const { found, seen } = await inspectWith([{ status: 409 }, { status: 503 }, { status: 202, body: { uuid } }])
  expect([found.nodeUuid, seen.length]).toEqual([uuid, 3])
  const gaveUp = await inspectWith(Array.from({ length: 9 }, () => ({ status: 500 })))
  expect([gaveUp.found, gaveUp.seen.length]).toEqual([{}, 5])
})

test('what the conductor refuses is not sent again: the lookup comes next', async () => {
  const { found, seen } = await inspectWith([{ status: 404 }, { status: 202, body: { uuid } }])
  expect([found, seen.length]).toEqual([{}, 1])
})

test('a collector that is not known is an error in the data, not a silence', async () => {
  const { seen } = await inspectWith([{ status: 202, body: { uuid } }], {
    collectors: ['default', 'pci-devices', 'tea'],
  })
  expect(seen[0]?.body['error']).toBe('collector tea is not known to this agent')
  expect(seen[0]?.body['pci_devices']).toEqual(expect.any(Array))
})
