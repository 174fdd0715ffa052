import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import { startApi, type ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeEach(async () => {
  api = await startApi()
})
afterEach(() => api[Symbol.asyncDispose]())

const create = async (name: string) =>
  String((await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware', name })).json['uuid'])

/** Reads events until there are `count` of them. */
async function read(query: string, count: number, headers: Record<string, string> = {}, then = async () => {}) {
  const control = new AbortController()
  const response = await fetch(`${api.operatorUrl}/ferrite/v1/events${query}`, { headers, signal: control.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const events: { id: string | undefined; data: FerriteEvent }[] = []
  let text = ''
  let begun = false
  for await (const chunk of response.body ?? []) {
    if (!begun) {
      begun = true
      await then()
    }
    text += Buffer.from(chunk).toString()
    const frames = text.split('\n\n')
    text = frames.pop() ?? ''
    for (const frame of frames) {
      const data = /^data: (.*)$/m.exec(frame)?.[1]
      if (data) events.push({ id: /^id: (.*)$/m.exec(frame)?.[1], data: JSON.parse(data) as FerriteEvent })
    }
    if (events.length >= count) break
  }
  control.abort()
  return events
}

const progress = {
  phase: 'write',
  bytes_received: 5,
  bytes_written: 5,
  bytes_verified: 0,
  bytes_total: 10,
  rate: 1,
  eta_ms: 1,
  elapsed_ms: 1,
  resumes: 0,
  bytes_wasted: 0,
} as const
const progressOf = (node_uuid: string): FerriteEvent => ({
  id: 0,
  at: '2026-01-01T00:00:00Z',
  node_uuid,
  node_name: null,
  type: 'progress',
  progress,
})

test('stored events are replayed after the given one, then live ones follow without gap or repetition', async () => {
  await create('a')
  await create('b')
  const events = await read('?after=1', 2, {}, async () => {
    await create('c')
  })
  expect(events.map(({ id, data }) => [id, data.type, data.node_name])).toEqual([
    ['2', 'node_created', 'b'],
    ['3', 'node_created', 'c'],
  ])
})

test('Last-Event-ID resumes, and wins over the query', async () => {
  await create('a')
  await create('b')
  const [first] = await read('?after=0', 1, { 'last-event-id': '1' })
  expect(first?.data.node_name).toBe('b')
})

test('without a starting point only what happens from now on is sent', async () => {
  await create('a')
  const [event] = await read('', 1, {}, async () => {
    await create('b')
  })
  expect(event?.data.node_name).toBe('b')
})

test('one node can be watched, its latest progress first, and progress has no id', async () => {
  const a = await create('a')
  await create('b')
  api.services.events.publish(progressOf(a))
  const events = await read('?node=a', 1)
  expect(events).toEqual([{ id: undefined, data: progressOf(a) }])
  expect((await api.ask('GET', '/ferrite/v1/nodes/a/progress')).json).toMatchObject({ progress: { bytes_written: 5 } })
  expect((await api.ask('GET', '/ferrite/v1/nodes/b/progress')).status).toBe(404)
  expect((await api.ask('GET', '/ferrite/v1/events?node=nothere')).status).toBe(404)
  expect((await api.ask('GET', '/ferrite/v1/events?after=x')).status).toBe(400)
})

test('closing the API ends the streams', async () => {
  const response = await fetch(`${api.operatorUrl}/ferrite/v1/events`)
  const reader = response.body?.getReader()
  await reader?.read()
  const ended = reader?.read().then(
    ({ done }) => done,
    () => true,
  )
  await api[Symbol.asyncDispose]()
  expect(await ended).toBe(true)
  api = await startApi()
})

test('health and metrics tell the truth', async () => {
  await create('a')
  expect((await api.ask('GET', '/livez')).text).toBe('ok\n')
  expect((await api.ask('GET', '/readyz?verbose')).json).toEqual({
    ready: true,
    checks: [{ name: 'database', ok: true, detail: expect.any(String) as unknown }],
  })
  const metrics = await api.ask('GET', '/metrics')
  expect(metrics.text).toContain('ferrite_nodes{state="enroll"} 1')
  expect(metrics.text).toMatch(
    /http_server_request_duration_seconds_count\{http_request_method="POST",http_route="\/v1\/nodes",http_response_status_code="201"\} 1/,
  )
  expect(metrics.text).toContain('ferrite_build_info{')
  expect((await api.askRamdisk('GET', '/metrics')).status).toBe(404)
})

test('every call that changes something leaves one audit line, the refused ones too', async () => {
  const uuid = await create('a')
  await api.ask('PATCH', `/v1/nodes/${uuid}`, [{ op: 'add', path: '/uuid', value: 'x' }])
  await api.ask('GET', `/v1/nodes/${uuid}`)
  await api.ask('DELETE', `/v1/nodes/${uuid}`)
  const lines = api.logged.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['audit'])
  expect(lines).toMatchObject([
    { verb: 'node.create', subject: uuid, status: 201, source: '127.0.0.1', refused: null },
    {
      verb: 'node.update',
      subject: uuid,
      status: 400,
      refused: expect.stringContaining('Cannot patch /uuid') as unknown,
    },
    { verb: 'node.delete', subject: uuid, status: 204 },
  ])
})
