import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApi, type ApiFixture } from './api-fixture.ts'
import { resourceCases } from './resource-cases.ts'

type Body = Record<string, unknown>
const absent = '5c9dcd04-2073-49bc-9618-99ae634d8971'

let api: ApiFixture
let node: string
let count = 0
beforeAll(async () => {
  api = await startApi()
  const made = await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware', name: 'of-resources', shard: 's1' })
  node = String(made.json['uuid'])
  await api.store.commit({ node_uuid: node, guard: { any: true }, set: { power_state: 'power off' } })
})
afterAll(() => api[Symbol.asyncDispose]())

describe.each(resourceCases)('$path', (one) => {
  const { path, list, since } = one
  const extraOf = path.endsWith('inspection_rules') ? {} : { extra: { asked: { by: 'me' } } }
  const ask = (method: string, at: string, body?: unknown, minor?: number) =>
    api.ask(method, at, body, minor === undefined ? {} : { version: `1.${minor}` })
  const create = async (extra: Body = {}) => {
    count += 1
    const answer = await ask('POST', path, { ...one.body(count, node), ...extra })
    expect([answer.status, answer.text]).toEqual([201, expect.any(String)])
    return answer.json as Body & { uuid: string }
  }
  const rows = async (query: string, minor?: number) => {
    const answer = await ask('GET', `${path}${query}`, undefined, minor)
    expect([answer.status, answer.fault.faultstring]).toEqual([200, undefined])
    return answer.json[list] as Body[]
  }

  test('one is created with what was given and what nobody gave, and read back', async () => {
    const made = await create(extraOf)
    expect(made).toMatchObject({ ...one.body(count, node), ...extraOf, updated_at: null })
    expect(made['created_at']).toMatch(/\+00:00$/)
    expect(made['links']).toEqual([
      { href: `${api.operatorUrl}${path}/${made.uuid}`, rel: 'self' },
      { href: `${api.operatorUrl}${path.slice(3)}/${made.uuid}`, rel: 'bookmark' },
    ])
    const shown = (await ask('GET', `${path}/${made.uuid}`)).json
    const settles = { state: made['state'], last_error: made['last_error'], updated_at: made['updated_at'] }
    expect(path.endsWith('allocations') ? { ...shown, ...settles } : shown).toEqual(made)
    expect((await ask('GET', `${path}/${made.uuid}`, undefined, since)).status).toBe(200)
  })

  test('the address of a new one is told, and a uuid may be chosen once', async () => {
    const uuid = crypto.randomUUID()
    count += 1
    const answer = await ask('POST', path, { ...one.body(count, node), uuid })
    expect([answer.status, answer.headers.get('location')]).toEqual([201, `${api.operatorUrl}${path}/${uuid}`])
    count += 1
    const again = await ask('POST', path, { ...one.body(count, node), uuid })
    expect([again.status, again.fault.faultstring]).toEqual([
      409,
      expect.stringContaining(`UUID ${uuid} already exists`),
    ])
  })

  test('lists show a few fields, the asked ones, or all', async () => {
    const { uuid } = await create()
    const mine = (all: Body[]) => all.find((row) => row['uuid'] === uuid) ?? {}
    expect(Object.keys(mine(await rows('')))).toEqual(expect.arrayContaining([...one.short, 'links']))
    expect(Object.keys(mine(await rows('?fields=uuid')))).toEqual(['uuid', 'links'])
    expect(mine(await rows('?detail=true'))).toHaveProperty('created_at')
    expect(Object.keys((await ask('GET', `${path}/${uuid}?fields=uuid`)).json)).toEqual(['uuid', 'links'])
    for (const query of [
      '?fields=uuid&detail=true',
      '?fields=bogus',
      '?bogus=1',
      '?limit=0',
      '?limit=x',
      '?sort_dir=up',
    ]) {
      expect([query, (await ask('GET', path + query)).status]).toEqual([query, 400])
    }
  })

  test('filters find what they say', async () => {
    const mine = await create()
    for (const { query, since: filterSince } of one.filters) {
      expect((await rows(`?${query(mine)}`)).map((row) => row['uuid'])).toContain(mine.uuid)
      if (filterSince === undefined) continue
      expect((await ask('GET', `${path}?${query(mine)}`, undefined, filterSince - 1)).status).toBe(406)
    }
  })

  test('pages follow each other without gap or repetition, sorted either way', async () => {
    await create()
    await create()
    await create()
    const all = (await rows('')).map((row) => row['uuid'])
    const seen: unknown[] = []
    let next: string | undefined = `${path}?limit=2`
    while (next) {
      const page: Body = (await ask('GET', next)).json
      seen.push(...(page[list] as Body[]).map((row) => row['uuid']))
      next = (page['next'] as string | undefined)?.slice(api.operatorUrl.length)
    }
    expect(seen).toEqual(all)
    const up = (await rows(`?detail=true&sort_key=${one.sortKey}`)).map((row) => row['uuid'])
    const down = (await rows(`?detail=true&sort_key=${one.sortKey}&sort_dir=desc`)).map((row) => row['uuid'])
    expect(down).toEqual(up.toReversed())
    expect((await ask('GET', `${path}?sort_key=${one.unsortable}`)).status).toBe(400)
    expect((await ask('GET', `${path}?sort_key=bogus`)).status).toBe(400)
    expect((await ask('GET', `${path}?marker=${absent}`)).status).toBe(404)
  })

  test('patches add, replace and remove, and refuse the rest without a change', async () => {
    const { uuid } = await create()
    const at = `${path}/${uuid}`
    const patch = (...operations: Body[]) => ask('PATCH', at, operations)
    const [field, value] = one.patched
    const [removable, initial] = one.removable
    expect((await patch({ op: 'replace', path: `/${field}`, value })).json[field]).toEqual(value)
    expect((await patch({ op: 'remove', path: `/${removable}` })).json[removable]).toEqual(initial)
    expect((await patch()).status).toBe(200)
    const before = (await ask('GET', at)).text
    for (const refused of [
      { op: 'replace', path: '/uuid', value: absent },
      { op: 'add', path: '/bogus', value: 1 },
      { op: 'replace', path: '/created_at', value: 'now' },
      { op: 'test', path: `/${field}`, value },
      { op: 'replace', path: `/${field}` },
      { op: 'replace', path: field, value },
    ]) {
      const answer = await patch({ op: 'replace', path: `/${field}`, value }, refused)
      expect([refused, answer.status]).toEqual([refused, 400])
    }
    for (const required of one.required) {
      expect([required, (await patch({ op: 'remove', path: `/${required}` })).status]).toEqual([required, 400])
    }
    expect((await ask('PATCH', at, { op: 'replace' })).status).toBe(400)
    expect((await ask('GET', at)).text).toBe(before)
  })

  test.runIf('extra' in extraOf)('patches reach into objects', async () => {
    const { uuid } = await create()
    const patch = (...operations: Body[]) => ask('PATCH', `${path}/${uuid}`, operations)
    expect((await patch({ op: 'add', path: '/extra/a', value: [1] })).json['extra']).toEqual({ a: [1] })
    expect((await patch({ op: 'remove', path: '/extra/a' })).json['extra']).toEqual({})
    expect((await patch({ op: 'replace', path: '/extra/zz', value: 1 })).status).toBe(400)
  })

  test.runIf(one.collides)('what must be unique is refused a second time', async () => {
    const mine = await create()
    const answer = await ask('POST', path, one.collides?.(mine, node))
    expect([answer.status, answer.fault.faultstring]).toEqual([409, expect.stringContaining('already exists')])
  })

  test('what is missing, wrong or unknown is refused, and nothing is made', async () => {
    const before = (await rows('')).length
    for (const name of one.required) {
      const { [name]: _, ...rest } = one.body(9000, node)
      const answer = await ask('POST', path, rest)
      expect([name, answer.status, answer.fault.faultstring]).toEqual([name, 400, expect.stringContaining(name)])
    }
    for (const wrong of one.wrong) {
      expect([wrong, (await ask('POST', path, { ...one.body(9001, node), ...wrong })).status]).toEqual([wrong, 400])
    }
    const unknown = await ask('POST', path, { ...one.body(9002, node), bogus: 1 })
    expect([unknown.status, unknown.fault.faultstring]).toEqual([
      400,
      expect.stringContaining("'bogus' was unexpected"),
    ])
    for (const nonsense of [[], 'text', null]) expect((await ask('POST', path, nonsense)).status).toBe(400)
    expect((await rows('')).length).toBe(before)
  })

  test('one is deleted once, and then unknown', async () => {
    const { uuid } = await create()
    const gone = await ask('DELETE', `${path}/${uuid}`)
    expect([gone.status, gone.text]).toEqual([204, ''])
    for (const method of ['GET', 'DELETE']) {
      const answer = await ask(method, `${path}/${uuid}`)
      expect([answer.status, answer.fault.faultstring]).toEqual([
        404,
        expect.stringContaining(`${uuid} could not be found.`),
      ])
    }
    expect((await ask('PATCH', `${path}/${absent}`, [])).status).toBe(404)
    expect((await ask('GET', `${path}/no-such-thing`)).status).toBe(one.named ? 404 : 400)
  })

  test.runIf(one.named)('names find what has one', async () => {
    const made = await create()
    expect((await ask('GET', `${path}/${String(made['name'])}`)).json['uuid']).toBe(made.uuid)
  })

  test.runIf(since > 1)('clients from before the resource are told so', async () => {
    const { uuid } = await create()
    expect((await ask('GET', path, undefined, since - 1)).status).toBe(one.tooOld.read)
    expect((await ask('GET', `${path}/${uuid}`, undefined, since - 1)).status).toBe(one.tooOld.read)
    expect((await ask('POST', path, one.body(9003, node), since - 1)).status).toBe(one.tooOld.write)
    expect((await ask('DELETE', `${path}/${uuid}`, undefined, since - 1)).status).toBe(one.tooOld.write)
    expect((await ask('PATCH', `${path}/${uuid}`, [], (one.patchSince ?? since) - 1)).status).toBe(one.tooOld.write)
  })

  test('newer fields are unknown to older clients; too new a version is refused', async () => {
    const { uuid } = await create()
    for (const [field, value, fieldSince] of one.newer) {
      expect([
        field,
        (await ask('POST', path, { ...one.body(9004, node), [field]: value }, fieldSince - 1)).status,
      ]).toEqual([field, 406])
      if (field === 'node') continue
      expect((await ask('GET', `${path}/${uuid}`, undefined, fieldSince - 1)).json).not.toHaveProperty(field)
      expect((await ask('GET', `${path}/${uuid}`, undefined, fieldSince)).json).toHaveProperty(field)
      expect((await ask('GET', `${path}?fields=${field}`, undefined, fieldSince - 1)).status).toBe(406)
    }
    expect((await ask('GET', path, undefined, 116)).status).toBe(406)
  })

  test('other methods are refused with what is allowed', async () => {
    const answer = await ask('PUT', path, {})
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, expect.stringContaining('POST')])
  })
})
