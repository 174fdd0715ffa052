import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startApi, type ApiFixture } from './api-fixture.ts'

let api: ApiFixture
let uuid: string
let counter = 0
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())
beforeEach(async () => {
  counter += 1
  const { json } = await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware', name: `n${counter}` })
  uuid = String(json['uuid'])
})

const move = (provision_state: 'active' | 'available' | 'deploying', more: object = {}) =>
  api.store.commit({ node_uuid: uuid, guard: { any: true }, set: { provision_state, ...more } })

test('maintenance is set with a reason and cleared with it', async () => {
  expect((await api.ask('PUT', `/v1/nodes/${uuid}/maintenance`, { reason: 'fan' })).status).toBe(202)
  expect((await api.ask('GET', `/v1/nodes/${uuid}`)).json).toMatchObject({
    maintenance: true,
    maintenance_reason: 'fan',
  })
  expect((await api.ask('DELETE', `/v1/nodes/${uuid}/maintenance`)).status).toBe(202)
  expect((await api.ask('GET', `/v1/nodes/${uuid}`)).json).toMatchObject({
    maintenance: false,
    maintenance_reason: null,
  })
})

test('traits are listed, added, replaced and removed', async () => {
  const at = `/v1/nodes/${uuid}/traits`
  const added = await api.ask('PUT', `${at}/CUSTOM_A`)
  expect([added.status, added.text, added.headers.get('location')]).toEqual([
    204,
    '',
    `${api.operatorUrl}${at}/CUSTOM_A`,
  ])
  expect(added.headers.get('content-type')).toBeNull()
  expect((await api.ask('PUT', `${at}/HW_CPU_X86_VMX`, {})).status).toBe(204)
  expect((await api.ask('GET', at)).json).toEqual({ traits: ['CUSTOM_A', 'HW_CPU_X86_VMX'] })
  expect((await api.ask('PUT', `${at}/bad`)).status).toBe(400)
  expect((await api.ask('PUT', `${at}/CUSTOM_B`, { traits: [] })).status).toBe(400)
  expect((await api.ask('DELETE', `${at}/CUSTOM_NOT`)).status).toBe(404)
  expect((await api.ask('DELETE', `${at}/CUSTOM_A`)).status).toBe(204)
  const many = Array.from({ length: 51 }, (_, index) => `CUSTOM_${index}`)
  expect((await api.ask('PUT', at, { traits: many })).status).toBe(400)
  expect((await api.ask('PUT', at, { traits: many.slice(1) })).status).toBe(204)
  expect((await api.ask('DELETE', at)).status).toBe(204)
  expect((await api.ask('GET', at)).json).toEqual({ traits: [] })
})

test('states, power, provision and boot device have their forms', async () => {
  const states = await api.ask('GET', `/v1/nodes/${uuid}/states`)
  expect(states.json).toMatchObject({
    provision_state: 'enroll',
    power_state: null,
    console_enabled: false,
    boot_mode: null,
  })
  const put = (path: string, body: unknown, version = '1.115') =>
    api.ask('PUT', `/v1/nodes/n${counter}/${path}`, body, { version })
  const power = await put('states/power', { target: 'power on', timeout: 30 })
  expect([power.status, power.text, power.headers.get('location')]).toEqual([
    202,
    '',
    `${api.operatorUrl}/v1/nodes/n${counter}/states`,
  ])
  expect((await put('states/power', { target: 'fly' })).fault.faultstring).toContain(
    'The requested action "fly" can not be performed',
  )
  expect((await put('states/power', { target: 'power on', timeout: 0 })).status).toBe(400)
  expect((await put('states/power', { target: 'soft power off' }, '1.26')).status).toBe(406)
  expect((await put('states/provision', {})).fault.faultstring).toBe('Missing mandatory parameter: target')
  expect((await put('states/provision', { target: 'manage', nonsense: 1 })).fault.faultstring).toBe(
    'Unexpected arguments: nonsense',
  )
  expect((await put('states/provision', { target: 'manage' })).status).toBe(202)
  expect((await put('management/boot_device', { boot_device: 'pxe', persistent: 'False' })).status).toBe(204)
  expect((await api.ask('GET', `/v1/nodes/${uuid}/management/boot_device/supported`)).json).toEqual({
    supported_boot_devices: ['pxe', 'disk'],
  })
})

test('validation hides interfaces that the version does not know', async () => {
  const newest = await api.ask('GET', `/v1/nodes/validate?node=n${counter}`)
  expect(Object.keys(newest.json)).toEqual([
    'bios',
    'boot',
    'console',
    'deploy',
    'firmware',
    'inspect',
    'management',
    'network',
    'power',
    'raid',
    'rescue',
    'storage',
  ])
  const old = await api.ask('GET', `/v1/nodes/${uuid}/validate`, undefined, { version: '1.32' })
  expect(Object.keys(old.json)).toEqual([
    'boot',
    'console',
    'deploy',
    'inspect',
    'management',
    'network',
    'power',
    'raid',
  ])
})

test('what no driver can is refused in so many words, never pretended', async () => {
  expect((await api.ask('PUT', `/v1/nodes/${uuid}/states/raid`, {})).status).toBe(404)
  const boot = await api.ask('PUT', `/v1/nodes/${uuid}/states/boot_mode`, { target: 'uefi' })
  expect([boot.status, boot.fault.faultstring]).toEqual([
    400,
    'Driver fake-hardware does not support set_boot_mode (disabled or not implemented).',
  ])
  expect((await api.ask('GET', `/v1/nodes/${uuid}/inventory`)).status).toBe(404)
  expect((await api.ask('GET', `/v1/nodes/${uuid}/bios`)).json).toEqual({ bios: [] })
})

test('history is listed short and shown whole', async () => {
  const event = 'x'.repeat(300)
  await api.store.commit({
    node_uuid: uuid,
    guard: { any: true },
    history: [{ severity: 'ERROR', event_type: 'deploying', event }],
  })
  const { json } = await api.ask('GET', `/v1/nodes/${uuid}/history`)
  const [entry] = json['history'] as { uuid: string; event: string }[]
  expect(Object.keys(entry ?? {})).toEqual(['uuid', 'created_at', 'severity', 'event', 'links'])
  expect(entry?.event).toHaveLength(255)
  const one = await api.ask('GET', `/v1/nodes/${uuid}/history/${entry?.uuid}`)
  expect(one.json).toMatchObject({ event, event_type: 'deploying', conductor: 'c1', project: null, state: 'enroll' })
  expect((await api.ask('GET', `/v1/nodes/${uuid}/history/nothere`)).status).toBe(404)
})

test('deleting is refused while the machine may be in use', async () => {
  await move('active')
  expect((await api.ask('DELETE', `/v1/nodes/${uuid}`)).status).toBe(409)
  await api.ask('PUT', `/v1/nodes/${uuid}/maintenance`)
  expect((await api.ask('DELETE', `/v1/nodes/${uuid}`)).status).toBe(204)
  expect((await api.ask('GET', `/v1/nodes/${uuid}`)).status).toBe(404)
})
