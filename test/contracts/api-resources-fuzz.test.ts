import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApi, type ApiFixture } from './api-fixture.ts'
import { resourceCases } from './resource-cases.ts'

type Body = Record<string, unknown>
const planted = 'planted-secret-7f3a'

let api: ApiFixture
let node: string
beforeAll(async () => {
  api = await startApi()
  const made = await api.ask('POST', '/v1/nodes', { driver: 'fake-hardware', name: 'of-resources' })
  node = String(made.json['uuid'])
  await api.store.commit({ node_uuid: node, guard: { any: true }, set: { power_state: 'power off' } })
})
afterAll(() => api[Symbol.asyncDispose]())

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('', '0', 'true', '5c9dcd04-2073-49bc-9618-99ae634d8971', '******', -1, 1e300, {}, [], null),
)

describe.each(resourceCases)('$path', (one) => {
  const fields = [...new Set([...Object.keys(one.body(1, node)), ...one.short, 'extra', 'uuid', 'links', 'node_uuid'])]
  const field = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...fields) }, fc.string({ maxLength: 12 }))

  test('random bodies are taken or refused, never a fault of ours', async () => {
    const bodies = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.dictionary(field, odd, { maxKeys: 6 }))
    let n = 100_000
    await fc.assert(
      fc.asyncProperty(bodies, fc.boolean(), async (random, mixed) => {
        n += 1
        const isBag = random !== null && typeof random === 'object' && !Array.isArray(random)
        const body = mixed && isBag ? { ...one.body(n, node), ...random } : random
        const answer = await api.ask('POST', one.path, body)
        expect([answer.status, answer.text]).toEqual([expect.toSatisfy((status: number) => status < 500), answer.text])
        if (answer.status === 201) await api.ask('DELETE', `${one.path}/${String(answer.json['uuid'])}`)
      }),
      { numRuns: 60 },
    )
  })

  test('random patches change all or nothing, and no secret is shown', async () => {
    const hidden = one.path.endsWith('targets') ? { properties: { auth_password: planted } } : {}
    const made = await api.ask('POST', one.path, { ...one.body(200_000, node), ...hidden })
    const at = `${one.path}/${String(made.json['uuid'])}`
    const pointer = fc.array(field, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`)
    const operation = fc.record(
      { op: fc.constantFrom('add', 'replace', 'remove', 'test'), path: pointer, value: odd },
      { requiredKeys: ['op', 'path'] },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 4 }), async (patch) => {
        const before: Body = (await api.ask('GET', at)).json
        const answer = await api.ask('PATCH', at, patch)
        const after: Body = (await api.ask('GET', at)).json
        expect([patch, answer.status < 500, answer.text.includes(planted)]).toEqual([patch, true, false])
        expect(answer.status === 200 ? before : after).toEqual(before)
        expect(JSON.stringify(after)).not.toContain(planted)
      }),
      { numRuns: 60 },
    )
  })
})
