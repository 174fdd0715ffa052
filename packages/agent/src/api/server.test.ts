import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startTestAgent, testToken as token } from '../test-agent.ts'
import type { TestAgent } from '../test-agent.ts'

const image = { id: 'i', urls: ['http://127.0.0.1:1/i'], os_hash_algo: 'sha256', os_hash_value: 'a'.repeat(64) }

let agent: TestAgent
beforeEach(async () => {
  agent = await startTestAgent()
})
afterEach(() => agent[Symbol.asyncDispose]())

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

  test.each<[unknown, string]>([
    [undefined, "Image is missing 'id' field."],
    [null, "Image is missing 'id' field."],
    [[], "Image is missing 'id' field."],
    [{ id: 'i' }, "Image is missing 'urls' field."],
    [{ id: 'i', urls: ['http://x/'], os_hash_algo: 'sha256' }, "Image 'os_hash_value' must be a non-empty string."],
    [{ ...image, disk_format: 5 }, 'image_info.disk_format: '],
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

test('a body over 8 MiB is refused, unless it is the config drive that is large', async () => {
  const filler = 'x'.repeat(9 * 1024 * 1024)
  expect((await agent.post('standby.sync', { filler })).status).toBe(413)
  const large = await agent.post('standby.prepare_image', { image_info: { id: 'i' }, configdrive: filler })
  expect(large.body.faultstring).toContain("Image is missing 'urls' field.")
})
