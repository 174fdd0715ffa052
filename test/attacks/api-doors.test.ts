import { once } from 'node:events'
import net from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkRoutes } from '@ferrite/conductor/api/check-routes'
import { createMetrics } from '@ferrite/conductor/api/metrics'
import type { DeclaredRoute } from '@ferrite/conductor/api/route'
import { allRoutes } from '@ferrite/conductor/api/routes/table'
import { createApi } from '@ferrite/conductor/api/server'
import { systemClock } from '@ferrite/conductor/core/clock'
import { startApi, type ApiFixture } from '../contracts/api-fixture.ts'

let api: ApiFixture
let routes: readonly DeclaredRoute[]
beforeAll(async () => {
  api = await startApi()
  routes = allRoutes(createMetrics({ store: api.store, events: api.services.events }))
  await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware', name: 'n1' })
})
afterAll(() => api[Symbol.asyncDispose]())

const concrete = (path: string) => path.replace(/:\w+/g, 'n1')

test('every route says where it listens, who may call it, and how much it takes', () => {
  expect(routes.length).toBeGreaterThan(60)
  expect(() => checkRoutes(routes)).not.toThrow()
  for (const part of ['listener', 'auth', 'maxBody', 'depth', 'audit'] as const) {
    const { [part]: _, ...rest } = routes[0]!
    expect(() => checkRoutes([rest as DeclaredRoute])).toThrow(part)
  }
  const changing = routes.filter(({ method }) => !['GET', 'HEAD'].includes(method))
  const silent = changing.filter(({ audit }) => audit === null).map(({ path }) => path)
  expect(silent).toEqual(['/v1/heartbeat/:ident', '/ferrite/v1/progress', '/v1/continue_inspection'])
})

test('a route answers on its own listener and is unknown on the other', async () => {
  for (const { listener, method, path, streams } of routes) {
    if (listener === 'both' || streams) continue
    const other = listener === 'operator' ? api.askRamdisk : api.ask
    const answer = await other(method, concrete(path))
    expect([method, path, answer.status]).toEqual([method, path, 404])
  }
})

test('only the ramdisks need no permission besides discovery and health', () => {
  const open = routes.filter(({ auth }) => auth === 'public').map(({ path }) => path)
  expect(open).toEqual(['/', '/v1', '/livez', '/readyz'])
  const ramdisk = routes.filter(({ auth }) => auth === 'ramdisk')
  expect(ramdisk.every(({ listener }) => listener === 'ramdisk')).toBe(true)
})

test('one listener serves both when told so', async () => {
  await using single = await startApi({ single_listener: true })
  expect(single.ramdiskUrl).toBe(single.operatorUrl)
  expect((await single.ask('GET', '/v1/lookup')).status).toBe(400)
  expect((await single.ask('GET', '/v1/nodes')).status).toBe(200)
})

test('without authentication only loopback may be bound', async () => {
  const parts = { services: api.services, store: api.store, log: api.services.log, clock: systemClock }
  for (const listen of ['0.0.0.0:0', '[::]:0', '192.0.2.7:6385', 'conductor.example:6385']) {
    expect(() => createApi({ ...api.config, listen }, parts)).toThrow('insecure_noauth_on_any_address')
    expect(() => createApi({ ...api.config, listen, insecure_noauth_on_any_address: true }, parts)).not.toThrow()
  }
})

test('every answer forbids browsers to keep, guess or run it', async () => {
  for (const path of ['/', '/v1/nodes', '/v1/nodes/nothere', '/nonsense', '/livez', '/metrics', '/v1/%zz']) {
    const { headers } = await api.ask('GET', path)
    expect([path, headers.get('x-content-type-options'), headers.get('cache-control')]).toEqual([
      path,
      'nosniff',
      'no-store',
    ])
    expect(headers.get('content-security-policy')).toBe("default-src 'none'")
    expect([headers.get('server'), headers.get('x-powered-by'), headers.get('access-control-allow-origin')]).toEqual([
      null,
      null,
      null,
    ])
  }
})

test('a page of another origin is refused, and one that was rebound to us too', async () => {
  const from = (origin: string, host?: string) =>
    api.ask('GET', '/v1/nodes', undefined, { headers: { origin, ...(host ? { host } : {}) } })
  for (const origin of ['https://evil.example', 'null', 'http://evil.example:6385', 'http://127.0.0.1:1']) {
    expect((await from(origin)).status).toBe(403)
  }
  expect((await from(api.operatorUrl)).status).toBe(200)
})

test('the Host header cannot put anything into links', async () => {
  const raw = await exchange(`GET / HTTP/1.1\r\nHost: evil"><script>\r\nConnection: close\r\n\r\n`)
  expect(raw).toContain('http://127.0.0.1')
  expect(raw).not.toContain('<script')
})

const depthOf = (depth: number) => `{"driver":"fake-hardware","extra":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`

test.each([
  ['a body that is no JSON', '{', 400],
  ['a body with a byte that is no UTF-8', '{"driver":"\xff', 400],
  ['nesting of 23 levels in a field', depthOf(23), 201],
  ['nesting of 24 levels in a field', depthOf(24), 400],
  ['nesting of a million levels', '['.repeat(1_000_000), 400],
  ['a key that reaches prototypes', '{"driver":"fake-hardware","extra":{"__proto__":{"x":1}}}', 400],
  ['the same, escaped', '{"driver":"fake-hardware","extra":{"\\u005f_proto__":{"x":1}}}', 400],
  ['a constructor key', '{"driver":"fake-hardware","extra":{"a":[{"constructor":{"prototype":{}}}]}}', 400],
  ['null', 'null', 400],
  ['a number', '7', 400],
  ['an empty body', '', 400],
  ['more than a mebibyte', JSON.stringify({ driver: 'fake-hardware', extra: { a: 'x'.repeat(1 << 20) } }), 413],
])('%s gets its answer', async (_name, body, status) => {
  const answer = await api.ask('POST', '/v1/nodes', body)
  expect([answer.status, /\.(ts|js):\d/.test(answer.text)]).toEqual([status, false])
  expect(({} as Record<string, unknown>)['x']).toBeUndefined()
})

test('bodies where none belong are refused or cut off', async () => {
  expect((await api.ask('PUT', '/v1/nodes/n1/traits/CUSTOM_X', { a: 1 })).status).toBe(400)
  expect((await api.ask('DELETE', '/v1/nodes/n1/traits', { a: 'x'.repeat(1000) })).status).toBe(413)
  expect((await api.ask('PUT', '/v1/nodes', { a: 'x'.repeat(100_000) })).status).toBe(405)
})

test('broken requests on the wire get an answer or a closed connection, and the server lives', async () => {
  const junk = [
    'GET /v1/nodes HTTP/1.1\r\n\r\n',
    'GARBAGE\r\n\r\n',
    `GET /v1/nodes HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
    'POST /v1/nodes HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    `GET /v1/nodes/${'a'.repeat(5000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    'GET /v1/nodes?fields=%00%ff&fields=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET /v1/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  ]
  for (const text of junk) expect(await exchange(text)).not.toMatch(/HTTP\/1\.1 5/)
  expect((await api.ask('GET', '/v1/nodes')).status).toBe(200)
})

test('who connects and says nothing is cut off, so that the silent do not keep everybody out', async () => {
  const { port } = new URL(api.operatorUrl)
  const silent = net.connect(Number(port), '127.0.0.1')
  const asking = net.connect(Number(port), '127.0.0.1')
  const ask = async () => {
    asking.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
    const [answer] = (await once(asking, 'data')) as [Buffer]
    return answer.toString()
  }
  expect(await ask()).toContain('200 OK')
  silent.resume()
  await once(silent, 'close')
  // One that has asked is kept for its next question.
  expect(await ask()).toContain('200 OK')
  asking.destroy()
}, 20_000)

/** What the server says to these bytes until it closes the connection. */
function exchange(text: string): Promise<string> {
  const { port } = new URL(api.operatorUrl)
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = net.connect(Number(port), '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => (answer += chunk.toString()))
  socket.on('error', () => resolve(answer))
  socket.on('close', () => resolve(answer))
  socket.end(text)
  return promise
}
