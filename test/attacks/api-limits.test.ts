import { execFileSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { request } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBodies, type Bodies } from '@ferrite/conductor/api/limits/bodies'
import { openBuckets } from '@ferrite/conductor/api/limits/bucket'
import type { DeclaredRoute } from '@ferrite/conductor/api/route'
import { trustedProxies } from '@ferrite/conductor/api/limits/proxies'
import { systemClock, type Clock } from '@ferrite/conductor/core/clock'
import { Fault } from '@ferrite/shared/fault'
import { startApi } from '../contracts/api-fixture.ts'
import { fakeServices } from '../contracts/fake-services.ts'

type Asked = [Parameters<Bodies['admit']>[1], Parameters<Bodies['admit']>[2]]

let directory: string
let tls: { tls_cert: string; tls_key: string }
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-tls-'))
  tls = { tls_cert: path.join(directory, 'cert.pem'), tls_key: path.join(directory, 'key.pem') }
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', tls.tls_key, '-out', tls.tls_cert], {
    stdio: 'ignore',
  })
})
afterAll(() => rm(directory, { recursive: true }))

test('a bucket gives its rate, and twice that at once', () => {
  let ms = 0
  const buckets = openBuckets({ ...systemClock, monotonicMs: () => ms }, 10)
  const taken = Array.from({ length: 25 }, () => buckets.take('a'))
  expect(taken.filter((wait) => wait === 0)).toHaveLength(20)
  expect(taken.at(-1)).toBeCloseTo(0.1)
  expect(buckets.take('b')).toBe(0)
  ms += 1000
  expect(Array.from({ length: 15 }, () => buckets.take('a')).filter((wait) => wait === 0)).toHaveLength(10)
})

test.each([
  ['rate_limit_writes', 'PUT', '/v1/nodes/n1/maintenance'],
  ['rate_limit_lists', 'GET', '/v1/nodes'],
])('%s answers 429 with the time to wait', async (setting, method, at) => {
  const clock: Clock = { ...systemClock, monotonicMs: () => 0 }
  await using api = await startApi({ [setting]: 2 }, {}, clock)
  const statuses: number[] = []
  for (let turn = 0; turn < 6; turn += 1) statuses.push((await api.ask(method, at)).status)
  expect(statuses.slice(0, 4).includes(429)).toBe(false)
  const refused = await api.ask(method, at)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
  expect((await api.ask('GET', '/livez')).status).toBe(200)
})

test('who guesses agent tokens is put off before the token is looked at', async () => {
  await using api = await startApi({ rate_limit_bad_tokens: 3 }, {}, { ...systemClock, monotonicMs: () => 0 })
  const node = await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware' })
  const { callback } = fakeServices(api.store, api.services.log)
  api.services.callback.heartbeat = async () => {
    throw new Fault('invalid', 'Invalid or missing agent token received.', { badToken: true })
  }
  const beat = () =>
    api.askRamdisk('POST', `/v1/heartbeat/${String(node.json['uuid'])}`, {
      callback_url: 'http://127.0.0.1:9999',
      agent_token: 'guess',
    })
  for (let turn = 0; turn < 3; turn += 1) expect((await beat()).status).toBe(400)
  expect((await beat()).status).toBe(429)
  expect(callback).toBeDefined()
})

test('large bodies share a room: who finds it full comes back later, small ones and ramdisks are not in their way', () => {
  const bodies = openBodies(10_000_000)
  const [orders, data] = ['ferrite', 'ramdisk'].map(
    (auth) => ({ auth, maxBody: 9_000_000 }) as unknown as DeclaredRoute,
  )
  const admit = (route: DeclaredRoute | undefined, headers: Record<string, string>) => {
    const raw = new EventEmitter()
    if (route) bodies.admit(route, ...([{ headers }, { raw }] as unknown as Asked))
    return () => raw.emit('close')
  }
  const answered = admit(orders, { 'content-length': '6000000' })
  expect(() => admit(orders, { 'content-length': '6000000' })).toThrow('try again')
  expect(() => admit(orders, { 'transfer-encoding': 'chunked' })).toThrow('try again')
  admit(orders, { 'content-length': '900000' })
  admit(data, { 'content-length': '6000000' })
  answered()
  admit(orders, { 'content-length': '6000000' })
})

test('who has gone before being let in takes no room: nothing would ever give it back', async () => {
  const bodies = openBodies(10_000_000)
  const orders = { auth: 'ferrite', maxBody: 9_000_000 } as unknown as DeclaredRoute
  const large = { headers: { 'content-length': '6000000' } }
  const { promise: gone, resolve } = Promise.withResolvers<ServerResponse>()
  const server = createServer((_, response) => response.once('close', () => resolve(response)))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 6000000\r\n\r\n', () => client.destroy())
  bodies.admit(orders, ...([large, { raw: await gone }] as unknown as Asked))
  await new Promise((closed) => server.close(closed))
  const next = [large, { raw: new EventEmitter() }] as unknown as Asked
  expect(() => bodies.admit(orders, ...next)).not.toThrow()
})

test('X-Forwarded-For counts from trusted proxies only, and only what they added', () => {
  const none = trustedProxies([])
  expect(none.source('10.0.0.5', { 'x-forwarded-for': '1.2.3.4' })).toBe('10.0.0.5')
  const some = trustedProxies(['10.0.0.0/24', '2001:db8::/64'])
  expect(some.source('192.0.2.9', { 'x-forwarded-for': '1.2.3.4' })).toBe('192.0.2.9')
  expect(some.source('10.0.0.5', { 'x-forwarded-for': '6.6.6.6, 1.2.3.4, 10.0.0.7' })).toBe('1.2.3.4')
  expect(some.source('2001:db8::1', { 'x-forwarded-for': '1.2.3.4' })).toBe('1.2.3.4')
  expect(some.source('10.0.0.5', { 'x-forwarded-for': 'evil"><script>' })).toBe('10.0.0.5')
  for (const all of ['0.0.0.0/0', '::/0', '10.0.0.0/33', 'proxy.example', '']) {
    expect(() => trustedProxies([all])).toThrow('trusted_proxies')
  }
})

test('links follow a trusted proxy and nobody else', async () => {
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example' }
  await using behind = await startApi({ trusted_proxies: ['127.0.0.1'] })
  expect((await behind.ask('GET', '/v1', undefined, { headers })).text).toContain('https://api.example/v1/')
  await using open = await startApi()
  expect((await open.ask('GET', '/v1', undefined, { headers })).text).not.toContain('api.example')
})

test('https: links say so, browsers are told to stay, old TLS is refused', async () => {
  await using api = await startApi({ ...tls, tls_min_version: '1.3' })
  expect(api.operatorUrl).toMatch(/^https:/)
  expect(api.ramdiskUrl).toMatch(/^http:/)
  const ca = await readFile(tls.tls_cert)
  const answer = await ask(`${api.operatorUrl}/v1/nodes`, { ca })
  expect([answer.status, answer.hsts]).toEqual([200, 'max-age=31536000'])
  expect((await ask(`${api.operatorUrl}/`, { ca })).text).toContain('"https://127.0.0.1')
  await expect(ask(`${api.operatorUrl}/`, { ca, maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol|alert/i)
  await expect(ask(`${api.operatorUrl}/`, {})).rejects.toThrow(/self-signed|certificate/i)
})

test('a certificate without its key, or with another’s, does not start', async () => {
  await expect(startApi({ tls_cert: tls.tls_cert })).rejects.toThrow('together')
  await expect(startApi({ ...tls, tls_key: tls.tls_cert })).rejects.toThrow('cannot serve TLS')
})

type TlsOptions = { ca?: Buffer; maxVersion?: 'TLSv1.2' }

function ask(url: string, options: TlsOptions): Promise<{ status: number; hsts: string | undefined; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number
    hsts: string | undefined
    text: string
  }>()
  const sent = request(url, options, (response) => {
    let text = ''
    response.on('data', (chunk: Buffer) => (text += chunk.toString()))
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, hsts: response.headers['strict-transport-security'], text }),
    )
  })
  sent.on('error', reject)
  sent.end()
  return promise
}
