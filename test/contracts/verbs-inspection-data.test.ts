import { afterAll, beforeAll, expect, test } from 'vitest'
import { Fault } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import type { Callback } from '@ferrite/conductor/core/services'
import { inspectionOf } from '../crashes/inspection-data.ts'
import { startApi, type ApiFixture } from './api-fixture.ts'
import { fakeServices } from './fake-services.ts'

type Sent = Parameters<Callback['inspected']>[0]

let api: ApiFixture
let uuid: string
const sent: Sent[] = []
beforeAll(async () => {
  const late: { store?: ApiFixture['store'] } = {}
  const inspected: Callback['inspected'] = async (one) => {
    sent.push(one)
    const node = await late.store?.node(uuid)
    if (!node || one.data.inventory.interfaces[0]?.mac_address !== mac) throw new Fault('not_found', 'nobody')
    const token = { heartbeat_timeout: 300, agent_token: 'y'.repeat(43) }
    return one.wantsNode ? { node, config: token } : { node }
  }
  const made = await startApi()
  const { callback } = fakeServices(made.store, made.services.log)
  await made[Symbol.asyncDispose]()
  api = await startApi({}, { callback: { ...callback, inspected } })
  late.store = api.store
  uuid = String((await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware' })).json['uuid'])
})
afterAll(() => api[Symbol.asyncDispose]())

const mac = '52:54:00:aa:bb:01'
const data = inspectionOf(mac)
const send = (version: string | null, query = '', body: unknown = data) =>
  api.askRamdisk('POST', `/v1/continue_inspection${query}`, body, { version })

test('without a version the answer is the old inspector’s: the uuid and nothing else', async () => {
  for (const version of [null, '1.1']) {
    const answer = await send(version)
    expect([answer.status, answer.json]).toEqual([202, { uuid }])
  }
})

test('from 1.84 the answer is that of a lookup, and a node may be named', async () => {
  const answer = await send('1.84', `?node_uuid=${uuid}`)
  expect(answer.status).toBe(202)
  expect(answer.json).toMatchObject({
    node: { uuid },
    config: { heartbeat_timeout: 300, agent_token: 'y'.repeat(43), ferrite: { progress_path: expect.any(String) } },
  })
  expect(sent.at(-1)).toMatchObject({ node_uuid: uuid, wantsNode: true, microversion: 84 })
})

test('versions in between do not know it, and the old form names no node', async () => {
  for (const version of ['1.2', '1.31', '1.68', '1.83']) expect((await send(version)).status).toBe(404)
  expect((await send(null, `?node_uuid=${uuid}`)).status).toBe(404)
})

test.each([
  {},
  [],
  { inventory: {} },
  { inventory: { interfaces: [] } },
  { inventory: { interfaces: [{}] } },
  { inventory: { interfaces: [{ mac_address: 7 }] } },
])('%j is no inspection data', async (body) => {
  const before = sent.length
  expect((await send('1.84', '', body)).status).toBe(400)
  expect(sent).toHaveLength(before)
})

test('data of up to 16 MiB is taken, more is not', async () => {
  expect((await send('1.84', '', { ...data, logs: 'x'.repeat(15 * MiB) })).status).toBe(202)
  expect((await send('1.84', '', { ...data, logs: 'x'.repeat(17 * MiB) })).status).toBe(413)
})

test('a machine that nobody waits for is not found', async () => {
  expect((await send('1.84', '', inspectionOf('52:54:00:00:00:00'))).status).toBe(404)
})

test('operators’ clients do not find it on their listener', async () => {
  expect((await api.ask('POST', '/v1/continue_inspection', data)).status).toBe(404)
})
