import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startTestAgent, testToken as token } from '../test-agent.ts'
import type { TestAgent } from '../test-agent.ts'

const node = { uuid: '11111111-2222-3333-4444-555555555555' }
const image = { id: 'i', urls: ['http://127.0.0.1:1/i'], os_hash_algo: 'sha256', os_hash_value: 'a'.repeat(64) }

let agent: TestAgent
beforeEach(async () => {
  agent = await startTestAgent()
})
afterEach(() => agent[Symbol.asyncDispose]())

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
