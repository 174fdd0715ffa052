import { Secret } from '@ferrite/shared/secret'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { openAgentClient } from './client.ts'
import { FakeAgent, type Script } from './testing/fake-agent.ts'

async function open(script: Script = {}, token = 't'.repeat(43)) {
  const agent = new FakeAgent(script)
  agent.token = 't'.repeat(43)
  const url = await agent.listen()
  const client = openAgentClient(
    { url, token: new Secret(token) },
    {
      clock: systemClock,
      signal: new AbortController().signal,
      commandTimeoutMs: 300,
      pollMs: 10,
      keyFor: (name) => `req-${name}`,
      fence: 7,
    },
  )
  onTestFinished(async () => {
    await client[Symbol.asyncDispose]()
    agent.kill()
  })
  return { agent, client }
}

test('a command carries its key and the fence in headers, never in its parameters', async () => {
  const { agent, client } = await open()
  await client.start('standby.power_off', {})
  expect(agent.received[0]).toMatchObject({
    params: {},
    headers: { 'x-request-id': 'req-standby.power_off', 'x-ferrite-fence': '7' },
  })
})

test('run waits for the end of an asynchronous command', async () => {
  const { agent, client } = await open()
  await expect(client.run('image.install_bootloader', { target_boot_mode: 'uefi' })).resolves.toBeNull()
  expect(agent.commands[0]?.command_status).toBe('SUCCEEDED')
})

test('a busy agent and a refusing one are told apart', async () => {
  const { client } = await open({ 'standby.power_off': () => ({ ms: 60_000 }) })
  await client.start('standby.power_off', {})
  await expect(client.start('standby.sync', {})).rejects.toMatchObject({ code: 'agent_busy' })
  const { client: stranger } = await open({}, 'wrong')
  await expect(stranger.commands()).rejects.toMatchObject({ code: 'agent_refused', message: /Token invalid/ })
})

test('the agent’s own words explain a command that failed', async () => {
  const error = { type: 'DeviceNotFound', code: 404, message: 'Error finding the disk', details: 'no ESP' }
  const { client } = await open({ 'image.install_bootloader': () => ({ error }) })
  await expect(client.run('image.install_bootloader', {})).rejects.toMatchObject({
    code: 'agent_command_failed',
    message: /no ESP/,
  })
})

test('a result of another form than agreed is refused', async () => {
  const { client } = await open({ 'deploy.get_deploy_steps': () => ({ result: { deploy_steps: 'none' } }) })
  await expect(client.run('deploy.get_deploy_steps', { node: { uuid: 'u' }, ports: [] })).rejects.toMatchObject({
    code: 'agent_refused',
  })
})

test('nobody there is unreachable, after three tries', async () => {
  const { agent, client } = await open()
  agent.kill()
  await expect(client.commands()).rejects.toMatchObject({ code: 'agent_unreachable' })
})
