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

const patch = (operations: unknown, version = '1.115', query = '') =>
  api.ask('PATCH', `/v1/nodes/${uuid}${query}`, operations, { version })

test('a list pages with next, sorts and filters', async () => {
  const first = await api.ask('GET', '/v1/nodes?limit=1&fields=uuid')
  const next = String(first.json['next'])
  expect(next).toBe(
    `${api.operatorUrl}/v1/nodes?sort_key=id&sort_dir=asc&fields=uuid&limit=1&marker=${String((first.json['nodes'] as { uuid: string }[])[0]?.uuid)}`,
  )
  const second = await api.ask('GET', next.slice(api.operatorUrl.length))
  expect(second.json['nodes']).not.toEqual(first.json['nodes'])
  const all = await api.ask('GET', '/v1/nodes?sort_key=name&sort_dir=desc')
  expect(all.json).not.toHaveProperty('next')
  expect(Object.keys((all.json['nodes'] as object[])[0] ?? {})).toEqual([
    'uuid',
    'name',
    'instance_uuid',
    'maintenance',
    'power_state',
    'provision_state',
    'links',
  ])
  await patch([{ op: 'replace', path: '/resource_class', value: 'BAREMETAL' }])
  const chosen = await api.ask('GET', '/v1/nodes?resource_class=BAREMETAL&maintenance=no&associated=False&detail=true')
  expect(chosen.json['nodes']).toEqual([
    expect.objectContaining({ uuid, resource_class: 'BAREMETAL', driver: 'fake-hardware' }),
  ])
})

test.each([
  ['limit=0', 400, 'Limit must be positive'],
  ['limit=-1', 400, 'Limit must be positive'],
  ['limit=x', 400, 'limit'],
  ['sort_key=extra', 400, 'sort'],
  ['sort_key=1%3Bdrop', 400, 'sort'],
  ['sort_dir=up', 400, 'sort direction'],
  ['marker=x', 400, 'uuid'],
  ['marker=5c9dcd04-2073-49bc-9618-99ae634d8971', 404, 'could not be found'],
  ['nonsense=1', 400, 'Unexpected arguments: nonsense'],
  ['maintenance=perhaps', 400, 'boolean'],
  ['provision_state=lost', 400, 'Provision state "lost" is not valid'],
  ['fields=uuid&detail=true', 400, 'subset of fields'],
])('GET /v1/nodes?%s is refused', async (query, status, text) => {
  const answer = await api.ask('GET', `/v1/nodes?${query}`)
  expect([answer.status, answer.fault.faultstring]).toEqual([status, expect.stringContaining(text)])
})

test('every filter is 406 before its version', async () => {
  const since = {
    provision_state: [9, 'active'],
    driver: [16, 'x'],
    resource_class: [21, 'x'],
    fault: [42, 'none'],
    conductor_group: [46, 'x'],
    conductor: [49, 'x'],
    owner: [50, 'x'],
    description_contains: [51, 'x'],
    retired: [61, 'true'],
    lessee: [65, 'x'],
    shard: [82, 'x'],
    sharded: [82, 'true'],
    parent_node: [83, 'x'],
    include_children: [83, 'true'],
    instance_name: [104, 'x'],
  } as const
  for (const [name, [version, value]] of Object.entries(since)) {
    const ask = (minor: number) => api.ask('GET', `/v1/nodes?${name}=${value}`, undefined, { version: `1.${minor}` })
    expect([name, (await ask(version - 1)).status, (await ask(version)).status]).toEqual([name, 406, 200])
  }
})

test('children are hidden from lists until they are asked for', async () => {
  const { json } = await api.ask('POST', '/v1/nodes', {
    driver: 'fake-hardware',
    parent_node: `n${counter}`,
    resource_class: 'child',
  })
  const listed = async (query: string) =>
    ((await api.ask('GET', `/v1/nodes?${query}`)).json['nodes'] as { uuid: string }[]).map((node) => node.uuid)
  expect(await listed('resource_class=child')).toEqual([])
  expect(await listed('resource_class=child&include_children=true')).toEqual([json['uuid']])
  expect(await listed(`parent_node=${uuid}`)).toEqual([json['uuid']])
  expect((await api.ask('GET', `/v1/nodes/${uuid}/children`)).json['children']).toEqual([json['uuid']])
})
