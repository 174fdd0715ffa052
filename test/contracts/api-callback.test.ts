import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type ApiFixture } from './api-fixture.ts'

let api: ApiFixture
let node: string
beforeAll(async () => {
  api = await startApi()
  const body = {
    driver: 'fake-hardware',
    name: 'n1',
    instance_info: { image_url: 'http://x/y', image_password: 'canary' },
  }
  node = String((await api.ask('POST', '/v1/nodes', body)).json['uuid'])
  await api.ask('POST', '/v1/ports', { address: '52:54:00:00:00:01', node_uuid: node })
})
afterAll(() => api[Symbol.asyncDispose]())

const lookup = (query: string, version: string | null = '1.62') =>
  api.askRamdisk('GET', `/v1/lookup?${query}`, undefined, { version })
const beat = (body: object, version = '1.68', ident = node) =>
  api.askRamdisk('POST', `/v1/heartbeat/${ident}`, body, { version })

test('a lookup shows five masked facts of the node and the configuration', async () => {
  for (const query of [
    'addresses=52:54:00:00:00:01',
    'addresses=52%3A54%3A00%3A00%3A00%3A01%2Cbad',
    `node_uuid=${node}`,
  ]) {
    const { status, json } = await lookup(query)
    expect(status).toBe(200)
    const shown = json['node'] as Record<string, unknown>
    expect(Object.keys(shown).sort()).toEqual(['driver_internal_info', 'instance_info', 'links', 'properties', 'uuid'])
    expect(shown['instance_info']).toEqual({ image_url: '******', image_password: '******' })
    expect(json['config']).toMatchObject({ heartbeat_timeout: 300, ferrite: { progress_path: '/ferrite/v1/progress' } })
  }
})

test('lookups that find nothing are all alike', async () => {
  const answers = await Promise.all([
    lookup('addresses=52:54:00:00:00:99'),
    lookup('node_uuid=5c9dcd04-2073-49bc-9618-99ae634d8971'),
  ])
  for (const { status, fault } of answers) {
    expect([status, fault.faultstring]).toEqual([404, 'Resource could not be found.'])
  }
})

test('a lookup needs 1.22, an address or a uuid, and nothing else', async () => {
  expect((await lookup('addresses=52:54:00:00:00:01', '1.21')).status).toBe(404)
  expect((await lookup('', '1.62')).fault.faultstring).toContain("At least one of 'addresses' and 'node_uuid'")
  expect((await lookup('addresses=bad')).status).toBe(400)
  expect((await lookup('addresses=bad&x=1')).fault.faultstring).toBe('Unexpected arguments: x')
  expect((await lookup('node_uuid=bad')).status).toBe(400)
})

const heartbeat = { callback_url: 'https://192.0.2.1:9999', agent_token: 't', agent_version: '12.0' }
test('a heartbeat is 202 without a body', async () => {
  const answer = await beat(heartbeat)
  expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([202, '', null])
  expect((await beat(heartbeat, '1.68', 'n1')).status).toBe(202)
})

test.each([
  [{ agent_token: 't' }, '1.68', 400, 'Missing mandatory parameter: callback_url'],
  [{ ...heartbeat, more: 1 }, '1.68', 400, 'Unexpected arguments: more'],
  [{ callback_url: 'https://192.0.2.1:9999' }, '1.62', 400, 'Agent token is required for heartbeat processing.'],
  [{ ...heartbeat, agent_version: '12' }, '1.35', 400, 'agent_version'],
  [{ ...heartbeat, agent_verify_ca: 'PEM' }, '1.67', 400, 'agent_verify_ca'],
  [{ ...heartbeat, agent_status: 'start' }, '1.71', 400, 'agent_status'],
  [{ ...heartbeat, agent_status: 'bogus' }, '1.72', 400, 'Agent status is invalid'],
  [{ ...heartbeat, callback_url: 7 }, '1.68', 400, 'callback_url'],
])('the heartbeat %j at %s is refused', async (body, version, status, text) => {
  const answer = await beat(body, version)
  expect([answer.status, answer.fault.faultstring]).toEqual([status, expect.stringContaining(text)])
})

test('a heartbeat of an unknown node is 404, with an old version too', async () => {
  const answer = await beat(heartbeat, '1.68', 'nothere')
  expect([answer.status, answer.fault.faultstring]).toEqual([404, 'Node nothere could not be found.'])
  expect((await beat(heartbeat, '1.21')).status).toBe(404)
})

test('progress is taken in its form only', async () => {
  const progress = {
    phase: 'write',
    bytes_received: 1,
    bytes_written: 1,
    bytes_verified: 0,
    bytes_total: null,
    rate: 1,
    eta_ms: null,
    elapsed_ms: 1,
    resumes: 0,
    bytes_wasted: 0,
  }
  const report = { node_uuid: node, agent_token: 't', command_id: 'c', command_name: 'standby.prepare_image', progress }
  expect((await api.askRamdisk('POST', '/ferrite/v1/progress', report)).status).toBe(204)
  const refused = await api.askRamdisk('POST', '/ferrite/v1/progress', { ...report, x: 1 })
  expect([refused.status, refused.headers.get('content-type')]).toEqual([400, 'application/problem+json'])
  expect(refused.json).toMatchObject({ status: 400, code: 'invalid' })
})

test('boot media are served whole, by range, and by HEAD, under their names only', async () => {
  const directory = path.join(api.config.state_dir, 'media')
  const name = `${'ab'.repeat(16)}.iso`
  await mkdir(directory, { recursive: true })
  await writeFile(path.join(directory, name), 'x'.repeat(1000) + 'end')
  const ask = (headers: Record<string, string> = {}, method = 'GET') =>
    api.askRamdisk(method, `/ferrite/v1/media/${name}`, undefined, { headers })
  const whole = await ask()
  expect([whole.status, whole.text.length, whole.headers.get('accept-ranges')]).toEqual([200, 1003, 'bytes'])
  const head = await ask({}, 'HEAD')
  expect([head.status, head.text, head.headers.get('content-length')]).toEqual([200, '', '1003'])
  const part = await ask({ range: 'bytes=1000-' })
  expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, 'end', 'bytes 1000-1002/1003'])
  expect((await ask({ range: 'bytes=-3' })).text).toBe('end')
  expect((await ask({ range: 'bytes=0-0' })).text).toBe('x')
  expect((await ask({ range: 'bytes=5000-' })).status).toBe(416)
  expect((await ask({ range: 'bytes=0-0', 'if-range': '"other"' })).status).toBe(200)
  for (const bad of ['nothere', '..%2Fferrite.db', `${'cd'.repeat(16)}.iso`, '%2e%2e%2fsecrets.key']) {
    expect((await api.askRamdisk('GET', `/ferrite/v1/media/${bad}`)).status).toBe(404)
  }
})
