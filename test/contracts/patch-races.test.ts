import { afterAll, beforeAll, expect, test } from 'vitest'
import { machinesOf, startFakeConductor, type FakeConductor } from './fake-conductor.ts'

let conductor: FakeConductor
const machines = machinesOf(() => conductor)
beforeAll(async () => {
  conductor = await startFakeConductor({ automated_clean: false })
})
afterAll(() => conductor[Symbol.asyncDispose]())

test('patches that race with verbs are taken whole or refused with 409, and nothing that was taken is lost', async () => {
  const node = await machines.manageable({ resource_class: 'x' })
  const taken = new Set<string>()
  const refused: number[] = []
  const ended = new AbortController()
  let turn = 0
  const patcher = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const key = `k${(turn += 1)}`
      const answer = await conductor.ask('PATCH', node, [{ op: 'add', path: `/extra/${key}`, value: key }])
      if (answer.status === 200) taken.add(key)
      else refused.push(answer.status)
    }
  }
  const patchers = Array.from({ length: 8 }, patcher)
  for (const [target, state] of [
    ['provide', 'available'],
    ['manage', 'manageable'],
    ['provide', 'available'],
    ['manage', 'manageable'],
  ] as const) {
    const statuses = [0]
    while (statuses.at(-1) !== 202) {
      statuses.push((await conductor.ask('PUT', `${node}/states/provision`, { target })).status)
    }
    expect(new Set(statuses).difference(new Set([0, 202, 409]))).toEqual(new Set())
    await machines.reach(node, state)
  }
  ended.abort()
  await Promise.all(patchers)
  const { json } = await conductor.ask('GET', node)
  expect(Object.keys(json['extra'] as object).toSorted()).toEqual([...taken].toSorted())
  expect(taken.size).toBeGreaterThan(10)
  expect(new Set(refused).difference(new Set([409]))).toEqual(new Set())
}, 60_000)
