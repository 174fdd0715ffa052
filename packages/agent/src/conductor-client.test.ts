import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { pino } from 'pino'
import { Agent } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { isFault } from '@ferrite/shared/fault'
import { conductorClient } from './conductor-client.ts'

type Seen = { method: string; url: string; headers: IncomingHttpHeaders; body: unknown }
type Answer = { status?: number; body?: unknown; raw?: string }

const log = pino({ level: 'silent' })
const { signal } = new AbortController()

async function api(answers: Record<string, Answer>): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>)
    const text = Buffer.concat(chunks).toString()
    const { method = '', url = '', headers } = request
    seen.push({ method, url, headers, body: text ? JSON.parse(text) : undefined })
    const { status = 200, body, raw } = answers[`${method} ${url.split('?')[0]}`] ?? { status: 404, body: {} }
    response.writeHead(status).end(raw ?? JSON.stringify(body))
  }
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

function client(urls: string[], version?: string) {
  const dispatcher = new Agent()
  onTestFinished(() => dispatcher.destroy())
  return conductorClient({ urls, dispatcher, timeoutMs: 5_000, log, version, globalRequestId: 'req-7' })
}

const root = (version: string): Answer => ({ body: { default_version: { version } } })
const known = { node: { uuid: 'u' }, config: { heartbeat_timeout: 300 } }
const beat = { callback_url: 'http://h:1', agent_version: '1', agent_token: 't', agent_verify_ca: 'PEM' }

test.each([
  ['1.82', '1.62', '1.68', ['callback_url', 'agent_version', 'agent_token', 'agent_verify_ca']],
  ['1.62', '1.62', '1.62', ['callback_url', 'agent_version', 'agent_token']],
  ['1.50', '1.50', '1.50', ['callback_url', 'agent_version']],
  ['1.31', '1.31', '1.31', ['callback_url']],
])('an API at %s is asked with %s for lookup and %s for heartbeat', async (server, lookup, heartbeat, fields) => {
  const { url, seen } = await api({
    'GET /': root(server),
    'GET /v1/lookup': { body: known },
    'POST /v1/heartbeat/u': { status: 202, raw: '' },
  })
  const conductor = client([url])
  await conductor.lookup(['52:54:00:00:00:01', '52:54:00:00:00:02'], signal)
  await conductor.heartbeat('u', beat, signal)
  const [first, second, third] = seen
  expect(first).toMatchObject({ method: 'GET', url: '/' })
  expect(second?.headers).toMatchObject({
    'x-openstack-ironic-api-version': lookup,
    'x-openstack-request-id': 'req-7',
    'content-type': 'application/json',
  })
  const { searchParams } = new URL(second?.url ?? '', url)
  expect(searchParams.get('addresses')).toBe('52:54:00:00:00:01,52:54:00:00:00:02')
  expect(third?.headers['x-openstack-ironic-api-version']).toBe(heartbeat)
  expect(Object.keys(third?.body as object)).toEqual(fields)
})

test('an API that does not tell its version is taken for 1.31, and asked again next time', async () => {
  const { url, seen } = await api({ 'GET /': { raw: '<html>' }, 'GET /v1/lookup': { body: known } })
  const conductor = client([url])
  expect(await conductor.minorVersion(signal)).toBe(31)
  expect(await conductor.minorVersion(signal)).toBe(31)
  expect(seen).toHaveLength(2)
})

test('an API that is in trouble, or away, is not taken for an old one: without its version there would be no token', async () => {
  const { url, seen } = await api({ 'GET /': { status: 503, body: {} }, 'GET /v1/lookup': { body: known } })
  await expect(client([url]).lookup(['m'], signal)).rejects.toMatchObject({ code: 'lookup_failed' })
  expect(seen).toHaveLength(1)
  await expect(client(['http://127.0.0.1:9']).minorVersion(signal)).rejects.toMatchObject({ code: 'lookup_failed' })
})

test('a version given by the operator is not asked for', async () => {
  const { url, seen } = await api({ 'GET /v1/lookup': { body: known } })
  await client([url], '1.60').lookup(['m'], signal)
  expect(seen.map(({ headers }) => headers['x-openstack-ironic-api-version'])).toEqual(['1.60'])
})

test('the URL that answered is tried first from then on', async () => {
  const { url, seen } = await api({ 'GET /': root('1.82'), 'GET /v1/lookup': { body: known } })
  const conductor = client(['http://127.0.0.1:1', url])
  await conductor.lookup(['m'], signal)
  expect(conductor.url()).toBe(url)
  expect(seen).toHaveLength(2)
})

test('a very old answer with the timeout at its top is understood', async () => {
  const { url } = await api({ 'GET /v1/lookup': { body: { node: { uuid: 'u' }, heartbeat_timeout: 60 } } })
  expect(await client([url], '1.62').lookup(['m'], signal)).toMatchObject({ config: { heartbeat_timeout: 60 } })
})

test.each<[string, Answer, string, RegExp]>([
  [
    '404',
    { status: 404, body: { error_message: '{"faultstring": "Resource could not be found."}' } },
    'lookup_failed',
    /404/,
  ],
  ['409', { status: 409, body: { error_message: { faultstring: 'Node is locked.' } } }, 'conflict', /locked/],
  ['no JSON', { raw: '<html>' }, 'lookup_failed', /not one/],
  ['no node', { body: { config: { heartbeat_timeout: 1 } } }, 'lookup_failed', /node/],
  ['no uuid', { body: { node: {}, config: { heartbeat_timeout: 1 } } }, 'lookup_failed', /uuid/],
  ['no config', { body: { node: { uuid: 'u' } } }, 'lookup_failed', /config/],
])('a lookup answered with %s is a failed try', async (_what, answer, code, text) => {
  const { url } = await api({ 'GET /v1/lookup': answer })
  const attempt = client([url], '1.62').lookup(['m'], signal)
  await expect(attempt).rejects.toSatisfy((error) => isFault(error) && error.code === code && text.test(error.message))
})

test.each([200, 204, 400, 409, 503])('a heartbeat answered with %i is not accepted', async (status) => {
  const { url } = await api({ 'POST /v1/heartbeat/u': { status, raw: '' } })
  await expect(client([url], '1.62').heartbeat('u', beat, signal)).rejects.toThrow(String(status))
})
