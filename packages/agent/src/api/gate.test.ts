import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startTestAgent, testToken as token } from '../test-agent.ts'
import type { TestAgent } from '../test-agent.ts'

let agent: TestAgent
beforeEach(async () => {
  agent = await startTestAgent()
})
afterEach(() => agent[Symbol.asyncDispose]())

const post = (query: string) =>
  agent.ask('POST', `/v1/commands/${query}`, { body: '{"name":"standby.sync","params":{}}' })
const list = (query = '') => agent.ask('GET', `/v1/commands/${query}`)

describe('the token', () => {
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
