import { expect, test } from 'vitest'
import { fakeApi, ironicError } from './fake-api.ts'
import { ferrite, type Running } from './ferrite.ts'

const node = {
  uuid: '15dd313a-53de-4009-a280-9061625c8ee8',
  name: 'n1',
  driver: 'redfish',
  provision_state: 'available',
  power_state: 'power off',
  instance_info: {},
}

test.each([
  [400, 1, 'Missing mandatory parameter: driver'],
  [401, 5, 'The request you have made requires authentication.'],
  [403, 5, 'Access was denied'],
  [404, 3, 'Node n1 could not be found.'],
  [409, 4, 'A node with name n1 already exists.'],
  [500, 1, 'Internal'],
])('an answer of %i ends with exit code %i and the sentence of the server', async (status, code, sentence) => {
  await using api = await fakeApi(() => ({ status, body: ironicError(sentence) }))
  const ended = await ferrite(['node', 'show', 'n1'], api)
  expect(ended).toEqual({ code, stdout: '', stderr: `ferrite: ${sentence}\n` })
})

test('the error is read in every shape that Ironic has', async () => {
  const shapes = [
    { error_message: { faultstring: 'as an object' } },
    { error_message: 'as text' },
    { error_message: JSON.stringify({ code: 404, title: 'Not Found', description: 'as a description' }) },
    { type: 'about:blank', detail: 'as a problem' },
  ]
  await using api = await fakeApi((_, count) => ({ status: 404, body: shapes[count - 1] }))
  const said = []
  for (const _ of shapes) said.push((await ferrite(['node', 'show', 'n1'], api)).stderr.trim())
  expect(said).toEqual(
    ['as an object', 'as text', 'as a description', 'as a problem'].map((text) => `ferrite: ${text}`),
  )
})

test('with --json a failure is a document on stderr, and stdout stays empty', async () => {
  await using api = await fakeApi(() => ({ status: 404, body: ironicError('Node n1 could not be found.') }))
  const { code, stdout, stderr } = await ferrite(['node', 'show', 'n1', '--json'], api)
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
  expect(JSON.parse(stderr)).toEqual({
    error: { message: 'Node n1 could not be found.', kind: 'not_found', exit_code: 3, status: 404 },
  })
})

test('a server that is not there is exit code 8, and the sentence says which', async () => {
  const { code, stderr } = await ferrite(['node', 'list', '--url', 'http://127.0.0.1:9'])
  expect(code).toBe(8)
  expect(stderr).toContain('http://127.0.0.1:9')
})

test.each([
  [['bogus']],
  [['node', 'show']],
  [['node', 'list', '--bogus']],
  [['node', 'list', '-o', 'xml']],
  [['node', 'set', 'n1', '--property', 'novalue']],
  [['node', 'deploy', 'n1', '--image', 'http://h/i', '--checksum', 'sha256:12']],
  [['node', 'deploy', 'n1', '--config-drive', 'http://h/c', '--meta-data', 'a=b']],
  [['node', 'list', '--url', 'ftp://host']],
  [['completion', 'tcsh']],
])('%j is a mistake of usage', async (args) => {
  const { code, stdout, stderr } = await ferrite(args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toMatch(/^ferrite: [^\n]+\n$/)
})

test('with --json a mistake of usage is a document too, and FERRITE_OUTPUT has to be a format', async () => {
  const { code, stdout, stderr } = await ferrite(['node', 'lst', '--json'])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(JSON.parse(stderr)).toEqual({
    error: { message: "unknown command 'lst' (Did you mean list?)", kind: 'usage', exit_code: 2 },
  })
  expect(await ferrite(['node', 'list'], { env: { FERRITE_OUTPUT: 'xml' } })).toEqual({
    code: 2,
    stdout: '',
    stderr: 'ferrite: FERRITE_OUTPUT is xml, but there are table, json, yaml\n',
  })
})

test('a locked node is asked again until it is free', async () => {
  const locked = ironicError('Node n1 is locked by host h1, please retry after the current operation is completed.')
  await using api = await fakeApi((_, count) => (count < 3 ? { status: 409, body: locked } : { status: 202 }))
  const ended = await ferrite(['node', 'maintenance', 'set', 'n1', '--reason', 'new fan'], api)
  expect(ended.code).toBe(0)
  expect(api.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(
    Array.from({ length: 3 }, () => 'PUT /v1/nodes/n1/maintenance'),
  )
})

test('an older server is spoken to in its own version', async () => {
  const versions = { 'x-openstack-ironic-api-maximum-version': '1.82' }
  await using api = await fakeApi(({ headers }) =>
    headers['x-openstack-ironic-api-version'] === '1.82'
      ? { body: node, headers: versions }
      : { status: 406, body: ironicError('not acceptable'), headers: versions },
  )
  expect((await ferrite(['node', 'show', 'n1'], api)).code).toBe(0)
  expect(api.asked.map(({ headers }) => headers['x-openstack-ironic-api-version'])).toEqual(['1.115', '1.82'])
})

test('waiting longer than --timeout is exit code 6', async () => {
  await using api = await fakeApi(({ method, path }) => {
    if (path.startsWith('/ferrite')) return { status: 404, body: {} }
    return method === 'PUT' ? { status: 202 } : { body: { ...node, provision_state: 'cleaning' } }
  })
  const { code, stderr } = await ferrite(['node', 'provide', 'n1', '--wait', '--timeout', '0.5'], api)
  expect(code).toBe(6)
  expect(stderr).toContain('0.5 s')
})

test('a node that ends elsewhere than asked for is exit code 1 with its last error', async () => {
  await using api = await fakeApi(({ method, path }) => {
    if (path.startsWith('/ferrite')) return { status: 404, body: {} }
    return method === 'PUT'
      ? { status: 202 }
      : { body: { ...node, provision_state: 'clean failed', last_error: 'the disk \u001b[2Jis gone' } }
  })
  const { code, stderr } = await ferrite(['node', 'provide', 'n1', '--wait'], api)
  expect(code).toBe(1)
  expect(stderr).toBe('ferrite: n1 is in state "clean failed": the disk is gone\n')
})

test('SIGINT while following is exit code 130', async () => {
  const { promise: child, resolve } = Promise.withResolvers<Running>()
  await using api = await fakeApi(() => {
    void child.then(({ kill }) => kill('SIGINT'))
    return { hang: true }
  })
  const ended = await ferrite(['events'], { ...api, started: resolve })
  expect(ended).toEqual({ code: 130, stdout: '', stderr: 'ferrite: stopped by SIGINT\n' })
})
