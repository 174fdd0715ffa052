import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Command } from '@ferrite/shared/contracts/agent-api'
import { Secret } from '@ferrite/shared/secret'
import { fakeClock } from '../fake-clock.ts'
import { createRunner } from '../commands/runner.ts'
import { commands } from '../commands/table.ts'
import { virtualHardware } from '../hardware/virtual.ts'
import { createGate } from './gate.ts'
import { agentApi } from './server.ts'

const token = 'good-token-good-token-good-token-good-token'
const node = { uuid: '11111111-2222-3333-4444-555555555555' }
const sha256 = 'a'.repeat(64)

type Answer = {
  status: number
  body: { faultstring?: string; commands?: Command[] } & Partial<Command>
  headers: Headers
}

/** An agent whose power-off waits until told, so that there is a command that runs. */
async function start() {
  const dir = await mkdtemp(path.join(tmpdir(), 'api-'))
  const disk = path.join(dir, 'disk.img')
  await writeFile(disk, '')
  await truncate(disk, 8 * 1024 * 1024)
  const off = Promise.withResolvers<void>()
  const logged: string[] = []
  const log = pino(
    { level: 'trace' },
    new Writable({ write: (chunk, _, done) => (logged.push(String(chunk)), done()) }),
  )
  const clock = fakeClock()
  const hardware = virtualHardware({
    disks: [disk],
    macs: ['52:54:00:00:00:01'],
    bootMode: 'bios',
    onPowerOff: () => off.promise,
    onReboot: async () => {},
  })
  const known: { token: Secret | undefined } = { token: new Secret(token) }
  const ended: number[] = []
  const stop = new AbortController()
  const runner = createRunner({
    table: commands,
    context: {
      hardware,
      log,
      memory: {},
      settings: {
        ignoreBootloaderFailure: false,
        insecure: false,
        limits: { maxFruitlessAttempts: 1, retryPauseMs: 1 },
      },
      lockDown: () => {},
      lookup: () => ({ heartbeat_timeout: 300, agent_md5_checksum_enable: false }),
    },
    signal: stop.signal,
    onAsyncEnd: () => void ended.push(1),
  })
  const gate = createGate({ token: () => known.token, clock, log })
  const app = await agentApi({ runner, gate, log, startedAt: new Date(0), onSeen: () => {} })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  const base = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const ask = async (method: string, url: string, init: RequestInit = {}): Promise<Answer> => {
    const answer = await fetch(base + url, { method, ...init })
    const text = await answer.text()
    return { status: answer.status, body: text ? (JSON.parse(text) as Answer['body']) : {}, headers: answer.headers }
  }
  const post = (name: unknown, params: unknown = {}, more: { wait?: string; headers?: Record<string, string> } = {}) =>
    ask('POST', `/v1/commands/?wait=${more.wait ?? 'true'}&agent_token=${token}`, {
      body: JSON.stringify({ name, params }),
      headers: { 'content-type': 'application/json', ...more.headers },
    })
  return {
    ...{ ask, post, off, known, logged, ended, clock, base },
    async [Symbol.asyncDispose]() {
      off.resolve()
      stop.abort()
      await app.close()
      await rm(dir, { recursive: true })
    },
  }
}

let agent: Awaited<ReturnType<typeof start>>
beforeEach(async () => {
  agent = await start()
})
afterEach(() => agent[Symbol.asyncDispose]())

const image = { id: 'i', urls: ['http://127.0.0.1:1/i'], os_hash_algo: 'sha256', os_hash_value: sha256 }

describe('what may be read without a token', () => {
  test.each(['/', '/v1', '/v1/', '/v1/status', '/v1/status/'])('GET %s', async (url) => {
    expect((await agent.ask('GET', url)).status).toBe(200)
  })

  test('the version document lists its media types, and the status its start', async () => {
    expect((await agent.ask('GET', '/v1/')).body).toMatchObject({
      id: 'v1',
      media_types: [{ base: 'application/json', type: 'application/vnd.openstack.ironic-python-agent.v1+json' }],
      links: [{ href: `${agent.base}/v1`, rel: 'self' }, { rel: 'describedby' }],
    })
    expect((await agent.ask('GET', '/v1/status')).body).toMatchObject({ started_at: 0 })
  })
})

describe('errors', () => {
  test.each([
    ['GET', '/nope', 404],
    ['GET', '/v1/nope', 404],
    ['DELETE', '/v1/commands/', 405],
    ['PUT', '/v1/status', 405],
    ['POST', '/v1/commands/some-id', 405],
  ])('%s %s is %i with a JSON body', async (method, url, status) => {
    const answer = await agent.ask(method, url)
    expect(answer.status).toBe(status)
    expect(answer.body).toEqual({ faultcode: 'Client', faultstring: expect.stringMatching(/./) })
  })

  test.each<[string, string, RegExp]>([
    ['no JSON', '{', /^400 Bad Request: Failed to decode JSON object: /],
    ['an empty body', '', /^400 Bad Request: Failed to decode JSON object: /],
    ['no name', '{"params":{}}', /^400 Bad Request: Missing or invalid name or params$/],
    ['no params', '{"name":"standby.sync"}', /Missing or invalid name or params/],
    ['params that are a list', '{"name":"standby.sync","params":[]}', /Missing or invalid name or params/],
    ['params that are null', '{"name":"standby.sync","params":null}', /Missing or invalid name or params/],
    ['a list', '[]', /Missing or invalid name or params/],
  ])('%s is 400', async (_what, body, text) => {
    const answer = await agent.ask('POST', `/v1/commands/?agent_token=${token}`, { body })
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({ faultcode: 'Client', faultstring: expect.stringMatching(text) })
  })

  test.each([
    ['nope', 400, 'Invalid command: Command name must be of the form <extension>.<name>'],
    ['standby.nope', 400, 'Invalid command: Unknown command: nope'],
    ['standby.toString', 400, 'Invalid command: Unknown command: toString'],
    ['foo.bar', 404, 'Not found: Extension with id foo not found.'],
  ])('the name %s is %i', async (name, status, faultstring) => {
    expect(await agent.post(name)).toMatchObject({ status, body: { faultcode: 'Client', faultstring } })
  })

  test('an unknown command id is 404', async () => {
    expect(await agent.ask('GET', `/v1/commands/abc?agent_token=${token}`)).toMatchObject({
      status: 404,
      body: { faultstring: 'Not found: Command Result with id abc not found.' },
    })
  })

  test.each<[object, string]>([
    [{ id: 'i' }, "Image is missing 'urls' field."],
    [{ ...image, urls: [] }, "Image 'urls' must be a list with at least one element."],
    [{ id: 'i', urls: ['http://x/'], checksum: '' }, "Image 'checksum' must be a non-empty string."],
    [{ ...image, os_hash_value: '' }, "Image 'os_hash_value' must be a non-empty string."],
    [{ id: 'i', urls: ['http://x/'] }, 'Image checksum is not available'],
    [{ id: 'i', urls: ['http://x/'], checksum: 'b'.repeat(32) }, 'Image checksum is not available'],
  ])('the image %j is refused at once', async (image_info, text) => {
    const answer = await agent.post('standby.prepare_image', { image_info })
    expect(answer.status).toBe(400)
    expect(answer.body.faultstring).toContain(`Invalid command parameters: ${text}`)
    expect((await agent.ask('GET', '/v1/commands/')).body.commands).toEqual([])
  })

  test('while a command runs every other one is refused as busy, known or not', async () => {
    await agent.post('standby.power_off', {}, { wait: 'false' })
    for (const name of ['standby.sync', 'foo.bar', 'standby.nope', 'deploy.get_deploy_steps']) {
      expect(await agent.post(name)).toMatchObject({
        status: 409,
        body: { faultcode: 'Client', faultstring: 'Agent is busy: executing command power_off' },
      })
    }
  })

  test('wrong arguments fail the command, and the list stays readable', async () => {
    const answer = await agent.post('standby.sync', { what: 1 })
    expect(answer).toMatchObject({
      status: 200,
      body: { command_status: 'FAILED', command_error: { type: 'TypeError' } },
    })
    expect((await agent.ask('GET', '/v1/commands/')).body.commands).toHaveLength(1)
  })
})

describe('commands', () => {
  test('a command is exactly five keys, and its name is bare', async () => {
    const { body } = await agent.post('deploy.get_deploy_steps', { node, ports: [] })
    expect(Object.keys(body).sort()).toEqual([
      'command_error',
      'command_name',
      'command_result',
      'command_status',
      'id',
    ])
    expect(body).toMatchObject({ command_name: 'get_deploy_steps', command_status: 'SUCCEEDED', command_error: null })
  })

  test('the body is read as JSON whatever content type it claims, or none', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
      const body = new Blob([JSON.stringify({ name: 'standby.sync', params: {} })], { type })
      expect((await agent.ask('POST', `/v1/commands?agent_token=${token}`, { body })).body.command_status).toBe(
        'SUCCEEDED',
      )
    }
  })

  test('an asynchronous command is RUNNING at once, and waited for with wait=True', async () => {
    const begun = await agent.post('standby.power_off', {}, { wait: 'false' })
    expect(begun.body).toMatchObject({ command_status: 'RUNNING', command_result: null })
    const waiting = agent.ask('GET', `/v1/commands/${begun.body.id}?wait=True&agent_token=${token}`)
    agent.off.resolve()
    expect((await waiting).body.command_status).toBe('SUCCEEDED')
    expect(agent.ended).toHaveLength(1)
  })

  test('a step is echoed with its result', async () => {
    const step = { step: 'erase_devices_metadata', interface: 'deploy', priority: 99, requires_ramdisk: true }
    const { body } = await agent.post('clean.execute_clean_step', { step, node, ports: [], clean_version: null })
    expect(body).toMatchObject({
      command_status: 'SUCCEEDED',
      command_result: { clean_result: null, clean_step: step },
    })
  })

  test('steps are keyed by the manager’s class, versions by its name', async () => {
    const { body } = await agent.post('clean.get_clean_steps', { node, ports: [] })
    expect(body.command_result).toMatchObject({
      clean_steps: {
        GenericHardwareManager: [
          { step: 'erase_devices_metadata', priority: 99, interface: 'deploy', abortable: true },
          { step: 'erase_devices', priority: 10, interface: 'deploy', reboot_requested: false },
        ],
      },
      hardware_manager_version: { generic_hardware_manager: '1.2' },
    })
  })

  test.each([
    [
      'an unknown step',
      { step: { step: 'nope' } },
      'FAILED',
      'HardwareManagerMethodNotFound',
      'Could not find method: nope',
    ],
    ['a step without a name', { step: { priority: 1 } }, 'FAILED', 'CommandExecutionError', 'Malformed deploy_step'],
    [
      'another version of the manager',
      { step: { step: 'write_image' }, deploy_version: { generic_hardware_manager: '0' } },
      'CLEAN_VERSION_MISMATCH',
      'VersionMismatch',
      'Current versions:',
    ],
    [
      'a bad image in a step',
      { step: { step: 'write_image', args: { image_info: { id: 'i' } } } },
      'FAILED',
      'InvalidCommandParamsError',
      "Image is missing 'urls' field.",
    ],
  ])('%s: the command ends so that the conductor knows why', async (_what, params, status, type, details) => {
    const { body } = await agent.post('deploy.execute_deploy_step', { node, ports: [], ...params })
    expect(body).toMatchObject({ command_status: status, command_result: null, command_error: { type } })
    expect((body.command_error as { details: string }).details).toContain(details)
  })

  test('an image that cannot be fetched and a disk that is not there have IPA’s error types', async () => {
    const missing = { ...node, properties: { root_device: { serial: 'nope' } } }
    const step = { interface: 'deploy', step: 'write_image', args: { image_info: image, configdrive: null } }
    const absent = await agent.post('deploy.execute_deploy_step', { step, node: missing, ports: [] })
    expect(absent.body.command_error).toMatchObject({ type: 'DeviceNotFound', code: 404 })
    const small = { ...node, properties: { root_device: { name: '<in> disk.img' } } }
    const unreachable = await agent.post('deploy.execute_deploy_step', { step, node: small, ports: [] })
    expect(unreachable.body.command_error).toMatchObject({ type: 'ImageDownloadError', code: 500 })
  })

  test('a flow runs its commands in order and fails with the first that fails', async () => {
    const ok = [{ 'standby.sync': {} }, { 'clean.get_clean_steps': { node, ports: [] } }]
    expect((await agent.post('flow.start_flow', { flow: ok })).body.command_status).toBe('SUCCEEDED')
    const bad = await agent.post('flow.start_flow', {
      flow: [{ 'standby.sync': { a: 1 } }, { 'standby.power_off': {} }],
    })
    expect(bad.body).toMatchObject({ command_status: 'FAILED', command_error: { type: 'TypeError' } })
  })

  test('the inventory and the logs can be asked for', async () => {
    expect((await agent.post('poll.get_hardware_info')).body.command_result).toMatchObject({
      interfaces: [{ mac_address: '52:54:00:00:00:01' }],
      disks: [{ size: 8 * 1024 * 1024 }],
      boot: { current_boot_mode: 'bios' },
    })
    const { system_logs } = (await agent.post('log.collect_system_logs')).body.command_result as { system_logs: string }
    expect(Buffer.from(system_logs, 'base64').subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]))
  })
})

describe('the token', () => {
  const post = (query: string) =>
    agent.ask('POST', `/v1/commands/${query}`, { body: '{"name":"standby.sync","params":{}}' })
  const list = (query = '') => agent.ask('GET', `/v1/commands/${query}`)

  test('POST always needs it', async () => {
    for (const query of ['', '?agent_token=', '?agent_token=wrong', `?agent_token=${token}x`, `?token=${token}`]) {
      expect(await post(query)).toMatchObject({
        status: 401,
        body: { faultcode: 'Client', faultstring: '401 Unauthorized: Token invalid.' },
      })
    }
    expect((await post(`?agent_token=${token}`)).status).toBe(200)
  })

  test('GET needs it once a GET has brought it; a wrong one is refused from the start', async () => {
    expect((await list()).status).toBe(200)
    expect((await list('?agent_token=wrong')).status).toBe(401)
    expect((await list()).status).toBe(200)
    expect((await list(`?agent_token=${token}`)).status).toBe(200)
    expect((await list()).status).toBe(401)
  })

  test('before the agent has one, nobody gets anything', async () => {
    agent.known.token = undefined
    expect((await list()).status).toBe(401)
    expect((await post(`?agent_token=${token}`)).status).toBe(401)
  })

  test('after twenty wrong ones in a minute the source has to wait', async () => {
    for (let i = 0; i < 20; i += 1) expect((await list('?agent_token=wrong')).status).toBe(401)
    const refused = await list(`?agent_token=${token}`)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('60')
    await agent.clock.sleep(60_000)
    expect((await list(`?agent_token=${token}`)).status).toBe(200)
  })

  test('it is never logged', async () => {
    await list(`?agent_token=${token}`)
    await agent.post('standby.prepare_image', { image_info: { id: 'i' } })
    await agent.post('standby.sync', { agent_token: token })
    expect(agent.logged.join('')).not.toContain(token)
  })
})

describe('what a Ferrite conductor adds', () => {
  test('a request that is delivered twice begins one command', async () => {
    const headers = { 'x-request-id': 'req-1' }
    const first = await agent.post('standby.power_off', {}, { wait: 'false', headers })
    const again = await agent.post('standby.power_off', {}, { wait: 'false', headers })
    expect(again).toMatchObject({ status: 200, body: { id: first.body.id, command_status: 'RUNNING' } })
    expect((await agent.ask('GET', '/v1/commands/')).body.commands).toHaveLength(1)
  })

  test('the same key with another command is another request', async () => {
    const headers = { 'x-request-id': 'req-1' }
    const first = await agent.post('standby.sync', {}, { headers })
    const second = await agent.post('standby.get_partition_uuids', {}, { headers })
    expect(second.body.id).not.toBe(first.body.id)
  })

  test('a conductor with an older claim is refused', async () => {
    expect((await agent.post('standby.sync', {}, { headers: { 'x-ferrite-fence': '7' } })).status).toBe(200)
    const old = await agent.post('standby.sync', {}, { headers: { 'x-ferrite-fence': '6' } })
    expect(old.status).toBe(409)
    expect(old.body.faultstring).toMatch(/^Fenced: .*claim 7.*claim 6/)
    expect((await agent.post('standby.sync', {}, { headers: { 'x-ferrite-fence': '7' } })).status).toBe(200)
    expect((await agent.post('standby.sync')).status).toBe(200)
  })

  test('a wrong token cannot raise the claim', async () => {
    const headers = { 'x-ferrite-fence': '999' }
    await agent.ask('POST', '/v1/commands/?agent_token=wrong', { body: '{}', headers })
    expect((await agent.post('standby.sync', {}, { headers: { 'x-ferrite-fence': '1' } })).status).toBe(200)
  })
})

test('a body over 8 MiB is refused, unless it is the config drive that is large', async () => {
  const filler = 'x'.repeat(9 * 1024 * 1024)
  expect((await agent.post('standby.sync', { filler })).status).toBe(413)
  const large = await agent.post('standby.prepare_image', { image_info: { id: 'i' }, configdrive: filler })
  expect(large.body.faultstring).toContain("Image is missing 'urls' field.")
})
