import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, type ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const used = 'x-openstack-ironic-api-version'
const least = 'x-openstack-ironic-api-minimum-version'
const most = 'x-openstack-ironic-api-maximum-version'

test('a request without a version is served as 1.1, latest as the newest', async () => {
  const none = await api.ask('GET', '/v1/nodes', undefined, { version: null })
  expect([none.status, none.headers.get(used)]).toEqual([200, '1.1'])
  const latest = await api.ask('GET', '/v1/nodes', undefined, { version: 'latest' })
  expect(latest.headers.get(used)).toBe('1.115')
  expect([latest.headers.get(least), latest.headers.get(most)]).toEqual(['1.1', '1.115'])
})

test('the generic version header counts too', async () => {
  const answer = await api.ask('GET', '/v1', undefined, {
    version: null,
    headers: { 'OpenStack-API-Version': 'compute 2.1, baremetal 1.37' },
  })
  expect(answer.headers.get(used)).toBe('1.37')
})

test('a version out of range is 406 with the range in headers and text', async () => {
  for (const version of ['1.999', '1.0', '2.1']) {
    const answer = await api.ask('GET', '/v1/nodes', undefined, { version })
    expect(answer.status).toBe(406)
    expect([answer.headers.get(least), answer.headers.get(most)]).toEqual(['1.1', '1.115'])
    expect(answer.fault).toMatchObject({ code: 406, title: 'Not Acceptable' })
    expect(answer.fault.description).toContain('The supported version range is: [1.1, 1.115].')
  }
})

test('a malformed version is 406 without the range', async () => {
  for (const version of ['one', '1', '1.1.1', '1.-5']) {
    const answer = await api.ask('GET', '/v1/nodes', undefined, { version })
    expect([answer.status, answer.headers.get(least)]).toEqual([406, null])
  }
})

test('GET / lists the versions and carries no version headers', async () => {
  const answer = await api.ask('GET', '/')
  expect([answer.status, answer.headers.get(used), answer.headers.get(least)]).toEqual([200, null, null])
  expect(answer.json).toMatchObject({
    name: 'OpenStack Ironic API',
    default_version: { id: 'v1', status: 'CURRENT', min_version: '1.1', version: '1.115' },
    versions: [{ links: [{ href: `${api.operatorUrl}/v1/`, rel: 'self' }] }],
  })
})

test('GET /v1 names the resources that the version knows', async () => {
  const old = await api.ask('GET', '/v1/', undefined, { version: '1.1' })
  expect(Object.keys(old.json)).toEqual([
    'id',
    'links',
    'media_types',
    'chassis',
    'nodes',
    'ports',
    'drivers',
    'version',
  ])
  const newest = await api.ask('GET', '/v1')
  expect(newest.json).toMatchObject({
    media_types: { base: 'application/json' },
    nodes: [
      { href: `${api.operatorUrl}/v1/nodes/`, rel: 'self' },
      { href: `${api.operatorUrl}/nodes/`, rel: 'bookmark' },
    ],
    runbooks: [{}, {}],
    version: { id: 'v1' },
  })
})

test('errors carry the version headers and a request id', async () => {
  const answer = await api.ask('GET', '/v1/nodes/nothere', undefined, { version: '1.107' })
  expect(answer.status).toBe(404)
  expect([answer.headers.get(used), answer.headers.get(most)]).toEqual(['1.107', '1.115'])
  expect(answer.headers.get('openstack-request-id')).toMatch(/^req-[0-9a-f-]{36}$/)
  expect(answer.headers.get('x-openstack-request-id')).toBe(answer.headers.get('openstack-request-id'))
  expect(answer.fault).toEqual({
    faultcode: 'Client',
    faultstring: 'Node nothere could not be found.',
    debuginfo: null,
  })
})

test('an unknown path is 404 and a wrong method 405, in the words of the door', async () => {
  const lost = await api.ask('GET', '/v1/nonsense')
  expect([lost.status, lost.fault.code, lost.fault.title]).toEqual([404, 404, 'Not Found'])
  const wrong = await api.ask('PUT', '/v1/nodes', {})
  expect([wrong.status, wrong.fault.code, wrong.headers.get('allow')]).toEqual([405, 405, 'GET, POST, HEAD'])
  const get = await api.ask('GET', '/v1/nodes/x/maintenance')
  expect(get.status).toBe(405)
})

test('slashes at the end do not matter, and .json only to old versions', async () => {
  const { json } = await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware', name: 'plain' })
  await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware', name: 'dotted.json' })
  expect((await api.ask('GET', '/v1/nodes/')).status).toBe(200)
  expect((await api.ask('GET', '/v1/nodes/plain.json', undefined, { version: '1.90' })).json['uuid']).toBe(json['uuid'])
  expect((await api.ask('GET', '/v1/nodes/plain.json', undefined, { version: '1.91' })).status).toBe(404)
  expect((await api.ask('GET', '/v1/nodes/dotted.json', undefined, { version: '1.78' })).json['name']).toBe(
    'dotted.json',
  )
  expect((await api.ask('GET', '/v1/nodes/dotted.json', undefined, { version: '1.91' })).json['name']).toBe(
    'dotted.json',
  )
  expect((await api.ask('GET', '/v1/nodes.json', undefined, { version: '1.78' })).status).toBe(200)
})

test('a resource that the version does not know is 404, a part of one 406', async () => {
  expect((await api.ask('GET', '/v1/conductors', undefined, { version: '1.48' })).status).toBe(404)
  expect((await api.ask('GET', '/v1/conductors', undefined, { version: '1.49' })).status).toBe(200)
  expect((await api.ask('GET', '/v1/nodes/plain/traits', undefined, { version: '1.36' })).status).toBe(406)
  const field = await api.ask('GET', '/v1/nodes?fields=uuid,traits', undefined, { version: '1.36' })
  expect(field.fault.faultstring).toBe('Request not acceptable. The minimal required API version should be 1.37')
  const detail = await api.ask('GET', '/v1/nodes?detail=True', undefined, { version: '1.42' })
  expect([detail.status, detail.fault.faultstring]).toEqual([400, 'Invalid query parameter ?detail=True received.'])
})
