import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createToken, revokeToken, tokenFile } from '@ferrite/conductor/api/auth/token-file'
import { createMetrics } from '@ferrite/conductor/api/metrics'
import { allRoutes } from '@ferrite/conductor/api/routes/table'
import { createApi } from '@ferrite/conductor/api/server'
import { systemClock, type Clock } from '@ferrite/conductor/core/clock'
import type { Config } from '@ferrite/conductor/config'
import { startApi } from '../contracts/api-fixture.ts'
import { startFakeKeystone } from './fake-keystone.ts'

let directory: string
let users: string
// As `htpasswd -B -C 4` writes it.
const hash = '$2y$04$VRyvXOVm2XU8ps7m3QAKHOcVWQNr7mC08bcXf9SSwW45f9Wl6jPGO'
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-logins-'))
  users = path.join(directory, 'htpasswd')
  await writeFile(users, `# people\nalice:${hash}\n`)
})
afterAll(() => rm(directory, { recursive: true }))

const basic = (user: string, password: string) => ({
  headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
})
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const withBasic = (more: Partial<Config> = {}) => startApi({ auth: ['http_basic'], http_basic_file: users, ...more })

test('http_basic lets the right password in and says in Ironic’s words why not', async () => {
  await using api = await withBasic()
  expect((await api.ask('GET', '/v1/nodes', undefined, basic('alice', 'secret-1'))).status).toBe(200)
  for (const options of [
    {},
    basic('alice', 'wrong'),
    basic('nobody', 'secret-1'),
    { headers: { authorization: 'Basic %' } },
  ]) {
    const answer = await api.ask('GET', '/v1/nodes', undefined, options)
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="Baremetal API"'])
    expect(answer.fault).toMatchObject({ faultcode: 'Client', faultstring: expect.any(String) })
  }
})

test('a password that was right costs its bcrypt once', async () => {
  await using api = await withBasic()
  await api.ask('GET', '/v1/nodes', undefined, basic('alice', 'secret-1'))
  const started = performance.now()
  for (let turn = 0; turn < 20; turn += 1) {
    expect((await api.ask('GET', '/v1/nodes', undefined, basic('alice', 'secret-1'))).status).toBe(200)
  }
  expect((performance.now() - started) / 20).toBeLessThan(200)
})

test('a changed users’ file counts without a restart', async () => {
  let ms = 0
  const clock: Clock = { ...systemClock, monotonicMs: () => ms }
  const file = path.join(directory, 'changing')
  await writeFile(file, `alice:${hash}\n`)
  await using api = await startApi({ auth: ['http_basic'], http_basic_file: file }, {}, clock)
  expect((await api.ask('GET', '/v1/nodes', undefined, basic('alice', 'secret-1'))).status).toBe(200)
  await writeFile(file, `bob:${hash}\n# alice has left\n`)
  ms += 60_000
  expect((await api.ask('GET', '/v1/nodes', undefined, basic('alice', 'secret-1'))).status).toBe(401)
  expect((await api.ask('GET', '/v1/nodes', undefined, basic('bob', 'secret-1'))).status).toBe(200)
})

test.each([
  ['no file', undefined, 'http_basic_file'],
  ['a file that is not there', '/nonexistent/htpasswd', 'http_basic_file'],
])('http_basic with %s does not start', async (_name, file, words) => {
  await using api = await startApi()
  const parts = { services: api.services, store: api.store, log: api.services.log, clock: systemClock }
  const config = { ...api.config, auth: ['http_basic'] as Config['auth'], ...(file ? { http_basic_file: file } : {}) }
  expect(() => createApi(config, parts)).toThrow(words)
})

test('a hash that is no bcrypt is refused at the start, by its line', async () => {
  const file = path.join(directory, 'md5')
  await writeFile(file, `alice:${hash}\nbob:$apr1$abc$def\n`)
  await using api = await startApi()
  const parts = { services: api.services, store: api.store, log: api.services.log, clock: systemClock }
  expect(() => createApi({ ...api.config, auth: ['http_basic'], http_basic_file: file }, parts)).toThrow('line 2')
})

test('five wrong passwords in a minute, and the source waits; others do not', async () => {
  let ms = 0
  const clock: Clock = { ...systemClock, monotonicMs: () => ms }
  await using api = await startApi(
    { auth: ['http_basic'], http_basic_file: users, trusted_proxies: ['127.0.0.1'] },
    {},
    clock,
  )
  const from = (source: string, password: string) => {
    const { headers } = basic('alice', password)
    return api.ask('GET', '/v1/nodes', undefined, { headers: { ...headers, 'x-forwarded-for': source } })
  }
  for (let turn = 0; turn < 5; turn += 1) expect((await from('192.0.2.1', `wrong-${turn}`)).status).toBe(401)
  const refused = await from('192.0.2.1', 'secret-1')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
  expect((await from('192.0.2.2', 'secret-1')).status).toBe(200)
  ms += 61_000
  expect((await from('192.0.2.1', 'secret-1')).status).toBe(200)
})

test('without a credential nothing answers but discovery, health and what ramdisks use', async () => {
  await using api = await withBasic({ rate_limit_logins: 0 })
  const routes = allRoutes(createMetrics({ store: api.store, events: api.services.events }))
  for (const { path: at, method, auth, listener } of routes) {
    if (listener === 'ramdisk') continue
    const answer = await api.ask(method, at.replace(/:\w+/g, 'n1'))
    expect([method, at, answer.status === 401]).toEqual([method, at, auth !== 'public'])
  }
})

test('tokens: the right one gets in, a revoked, expired, cut or foreign one does not', async () => {
  let now = new Date('2026-01-01T00:00:00Z')
  let ms = 0
  const clock: Clock = { ...systemClock, now: () => now, monotonicMs: () => ms }
  await using api = await startApi({ auth: ['token'], rate_limit_logins: 0 }, {}, clock)
  const file = tokenFile(api.config.state_dir)
  const [token] = createToken(file, { name: 'ci', role: 'reader', project: null, days: 30 }, clock)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(file, 'utf8')).not.toContain(token)
  const status = async (text: string) => {
    ms += 1000
    return (await api.ask('GET', '/v1/nodes', undefined, bearer(text))).status
  }
  expect(await status(token)).toBe(200)
  expect((await api.ask('GET', '/v1/nodes', undefined, { headers: { 'x-auth-token': token } })).status).toBe(200)
  for (const wrong of [token.slice(0, -1), `${token}x`, token.toUpperCase(), 'x']) expect(await status(wrong)).toBe(401)
  const answer = await api.ask('GET', '/v1/nodes')
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="Baremetal API"'])
  now = new Date('2026-02-01T00:00:00Z')
  expect(await status(token)).toBe(401)
  const [second] = createToken(file, { name: 'ci', role: 'reader', project: null, days: 30 }, clock)
  expect(await status(second)).toBe(200)
  revokeToken(file, 'ci')
  expect(await status(second)).toBe(401)
})

test('tokens live ninety days at most, and a name has one', async () => {
  const file = path.join(directory, 'tokens.json')
  const wanted = { name: 'a', role: 'admin', project: null } as const
  expect(() => createToken(file, { ...wanted, days: 91 }, systemClock)).toThrow('90 days')
  expect(() => createToken(file, { ...wanted, days: 0 }, systemClock)).toThrow('90 days')
  createToken(file, { ...wanted, days: 1 }, systemClock)
  expect(() => createToken(file, { ...wanted, days: 1 }, systemClock)).toThrow('already')
  expect(() => revokeToken(file, 'b')).toThrow('no token b')
})

test('Keystone is asked once for a token, its answer is believed for a while, and a fall of its own login is survived', async () => {
  await using keystone = await startFakeKeystone('pw')
  const password = path.join(directory, 'keystone-password')
  await writeFile(password, 'pw\n')
  let now = Date.now()
  const clock: Clock = { ...systemClock, now: () => new Date(now) }
  const settings = { auth: ['keystone' as const], keystone_url: keystone.url, keystone_password_file: password }
  await using api = await startApi({ ...settings, rate_limit_logins: 0 }, {}, clock)
  keystone.tokens.set('reader', { roles: ['reader'], system: true })
  keystone.tokens.set('none', { roles: ['other'], project: 'p1' })
  const status = async (token: string) =>
    (await api.ask('GET', '/v1/nodes', undefined, { headers: { 'x-auth-token': token } })).status
  expect(await status('reader')).toBe(200)
  expect(await status('reader')).toBe(200)
  expect(keystone.asked).toEqual(['reader'])
  expect(await status('none')).toBe(403)
  expect(await status('unknown')).toBe(401)
  keystone.forgetService()
  keystone.tokens.delete('reader')
  now += 301_000
  expect(await status('reader')).toBe(401)
  const answer = await api.ask('GET', '/v1/nodes')
  expect(answer.headers.get('www-authenticate')).toMatch(/^Keystone uri="http:\/\/127\.0\.0\.1:\d+"$/)
})

test('a Keystone that does not answer is a busy API, not an open one', async () => {
  const password = path.join(directory, 'keystone-password')
  await writeFile(password, 'pw\n')
  const settings = { auth: ['keystone' as const], keystone_url: 'http://127.0.0.1:1', keystone_password_file: password }
  await using api = await startApi(settings)
  const answer = await api.ask('GET', '/v1/nodes', undefined, { headers: { 'x-auth-token': 'x' } })
  expect([answer.status, answer.headers.has('retry-after')]).toEqual([503, true])
})

test('several ways stand side by side, noauth with none', async () => {
  await using api = await startApi({ auth: ['http_basic', 'token'], http_basic_file: users })
  const [token] = createToken(
    tokenFile(api.config.state_dir),
    { name: 'x', role: 'reader', project: null, days: 1 },
    systemClock,
  )
  expect((await api.ask('GET', '/v1/nodes', undefined, basic('alice', 'secret-1'))).status).toBe(200)
  expect((await api.ask('GET', '/v1/nodes', undefined, bearer(token))).status).toBe(200)
  const parts = { services: api.services, store: api.store, log: api.services.log, clock: systemClock }
  expect(() => createApi({ ...api.config, auth: ['noauth', 'token'] }, parts)).toThrow('cannot be combined')
})

test('credentials travel over plain http on loopback only, unless told so', async () => {
  await using api = await withBasic()
  const parts = { services: api.services, store: api.store, log: api.services.log, clock: systemClock }
  expect(() => createApi({ ...api.config, listen: '0.0.0.0:0' }, parts)).toThrow('insecure_plain_http')
  expect(() => createApi({ ...api.config, listen: '0.0.0.0:0', insecure_plain_http: true }, parts)).not.toThrow()
})
