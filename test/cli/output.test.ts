import { expect, test } from 'vitest'
import { fakeApi } from './fake-api.ts'
import { ferrite } from './ferrite.ts'

const nodes = [
  { uuid: '00000000-0000-4000-8000-000000000001', name: 'web-01', provision_state: 'active', power_state: 'power on' },
  { uuid: '00000000-0000-4000-8000-000000000002', name: null, provision_state: 'enroll', power_state: null },
].map((node) => ({ driver: 'redfish', maintenance: false, last_error: null, resource_class: null, ...node }))

const listing = () => fakeApi(() => ({ body: { nodes } }))

test('a list is a table without colours where no terminal is, and empty columns are left out', async () => {
  await using api = await listing()
  const { code, stdout } = await ferrite(['node', 'list'], api)
  expect(code).toBe(0)
  expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
    'NAME    STATE   POWER  DRIVER   UUID',
    'web-01  active  on     redfish  00000000-0000-4000-8000-000000000001',
    '–       enroll  –      redfish  00000000-0000-4000-8000-000000000002',
    '',
  ])
})

test.each([['--json'], ['--output=json'], ['-ojson']])('%s gives the same as data', async (flag) => {
  await using api = await listing()
  expect(JSON.parse((await ferrite(['node', 'list', flag], api)).stdout)).toEqual(nodes)
})

test('-o yaml is YAML', async () => {
  await using api = await listing()
  const { stdout } = await ferrite(['node', 'list', '-o', 'yaml'], api)
  expect(stdout.split('\n').slice(0, 3)).toEqual(['- driver: redfish', '  maintenance: false', '  last_error: null'])
})

test('options before the noun count too, and so does FERRITE_OUTPUT', async () => {
  await using api = await listing()
  const before = await ferrite(['--url', api.url, '--json', 'node', 'list'])
  expect(JSON.parse(before.stdout)).toEqual(nodes)
  const environment = await ferrite(['node', 'list'], { url: api.url, env: { FERRITE_OUTPUT: 'json' } })
  expect(JSON.parse(environment.stdout)).toEqual(nodes)
})

test('the dashes that pnpm hands on are dropped', async () => {
  await using api = await listing()
  expect((await ferrite(['--', 'node', 'list', '--json'], api)).code).toBe(0)
})

test('a list longer than a page is fetched whole', async () => {
  await using api = await fakeApi(({ path, headers }) =>
    path.includes('marker=')
      ? { body: { nodes: nodes.slice(1) } }
      : {
          body: { nodes: nodes.slice(0, 1), next: `http://${headers.host}/v1/nodes?limit=1&marker=${nodes[0]?.uuid}` },
        },
  )
  expect(JSON.parse((await ferrite(['node', 'list', '--json'], api)).stdout)).toEqual(nodes)
})

test('the token is shown to the server, and never printed', async () => {
  await using api = await listing()
  const { stdout, stderr } = await ferrite(['node', 'list'], { url: api.url, env: { FERRITE_TOKEN: 'hush-4711' } })
  expect(api.asked[0]?.headers['x-auth-token']).toBe('hush-4711')
  expect(stdout + stderr).not.toContain('hush')
})

test('create sends what was given, typed by its look, secrets as text', async () => {
  await using api = await fakeApi(() => ({ status: 201, body: nodes[0] }))
  await ferrite(
    // oxfmt-ignore
    [
      'node', 'create', '--driver', 'ipmi', '--name', 'BM01', '--deploy-interface', 'direct',
      '--driver-info', 'ipmi_port=623', '--driver-info', 'ipmi_password=12345',
      '--property', 'capabilities=boot_mode:uefi', '--automated-clean', 'false',
    ],
    api,
  )
  expect(api.asked[0]?.body).toEqual({
    driver: 'ipmi',
    name: 'BM01',
    deploy_interface: 'direct',
    driver_info: { ipmi_port: 623, ipmi_password: '12345' },
    properties: { capabilities: 'boot_mode:uefi' },
    automated_clean: false,
  })
})

test('set and unset are patches of the keys that are named', async () => {
  await using api = await fakeApi(() => ({ body: nodes[0] }))
  await ferrite(['node', 'set', 'web-01', '--property', 'a/b=1', '--owner', 'me'], api)
  await ferrite(['node', 'unset', 'web-01', '--property', 'a/b', '--owner'], api)
  expect(api.asked.map(({ body }) => body)).toEqual([
    [
      { op: 'add', path: '/owner', value: 'me' },
      { op: 'add', path: '/properties/a~1b', value: 1 },
    ],
    [
      { op: 'remove', path: '/owner' },
      { op: 'remove', path: '/properties/a~1b' },
    ],
  ])
})

test('deploy names the image, drops the sums of the one before, and sends the config drive as data', async () => {
  const before = { ...nodes[0], instance_info: { image_checksum: 'old', image_os_hash_value: 'old' } }
  await using api = await fakeApi(({ method }) => (method === 'PUT' ? { status: 202 } : { body: before }))
  const sum = 'AB'.repeat(32)
  const args = ['--image', 'http://h/i.raw', '--checksum', `sha256:${sum}`, '--meta-data', 'hostname=web-01']
  const more = ['--user-data', '-', '--root-device', 'size=>= 100', '--root-device', 'rotational=false']
  const ended = await ferrite(['node', 'deploy', 'web-01', ...args, ...more], { ...api, input: '#!/bin/sh\n' })
  expect(ended.code).toBe(0)
  const [patch, verb] = api.asked.filter(({ method }) => method !== 'GET')
  expect(patch?.body).toEqual([
    { op: 'add', path: '/instance_info/image_source', value: 'http://h/i.raw' },
    { op: 'add', path: '/instance_info/image_disk_format', value: 'raw' },
    { op: 'add', path: '/instance_info/image_os_hash_algo', value: 'sha256' },
    { op: 'add', path: '/instance_info/image_os_hash_value', value: sum.toLowerCase() },
    { op: 'add', path: '/instance_info/root_device', value: { size: '>= 100', rotational: false } },
    { op: 'remove', path: '/instance_info/image_checksum' },
  ])
  expect(verb).toMatchObject({
    path: '/v1/nodes/web-01/states/provision',
    body: { target: 'active', configdrive: { meta_data: { hostname: 'web-01' }, user_data: '#!/bin/sh\n' } },
  })
})

test.each([
  ['http://h/debian.qcow2?token=1', [], 'qcow2'],
  ['http://h/debian.img', [], 'raw'],
  ['http://h/debian.raw.gz', [], 'raw'],
  ['http://h/debian.qcow2', ['--disk-format', 'raw'], 'raw'],
])('the image %s, with the options %j, is declared %s', async (image, more, format) => {
  const node = { uuid: '00000000-0000-4000-8000-000000000001', name: 'n1', instance_info: {} }
  await using api = await fakeApi(() => ({ body: node }))
  await ferrite(['node', 'deploy', 'n1', '--image', image, ...more], api)
  const patch = api.asked.find(({ method }) => method === 'PATCH')?.body
  expect(patch).toContainEqual({ op: 'add', path: '/instance_info/image_disk_format', value: format })
})
