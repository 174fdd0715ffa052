import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { openSqliteStore } from './sqlite.ts'
import type { Store } from './store.ts'

let directory: string
let store: Store
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-touches-'))
  store = open()
})
afterEach(async () => {
  await store[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const open = () => openSqliteStore({ directory, clock: systemClock, host: 'c1' })
const early = '2026-01-01T00:00:00.000000+00:00'
const late = '2099-01-01T00:00:00.000000+00:00'
const make = (epoch = 1) =>
  store.createNode(
    {
      driver: 'x',
      provision_updated_at: early,
      internal: { agent: { epoch, url: 'https://a', last_heartbeat: early } },
    },
    [],
  )

test('a sign of life is read at once, in lists too, and costs no revision', async () => {
  const { uuid, revision } = await make()
  await store.touch(uuid, { at: late, epoch: 1 })
  const node = await store.node(uuid)
  expect(node).toMatchObject({ provision_updated_at: late, revision, internal: { agent: { last_heartbeat: late } } })
  expect((await store.nodes({}))[0]?.provision_updated_at).toBe(late)
})

test('it is on the disk when the store was closed in order', async () => {
  const { uuid } = await make()
  await store.touch(uuid, { at: late, epoch: 1 })
  await store[Symbol.asyncDispose]()
  store = open()
  expect(await store.node(uuid)).toMatchObject({
    provision_updated_at: late,
    internal: { agent: { last_heartbeat: late, url: 'https://a' } },
  })
})

test('a sign of an earlier boot does not speak for the agent of this one', async () => {
  const { uuid } = await make(2)
  await store.touch(uuid, { at: late, epoch: 1 })
  expect((await store.node(uuid))?.internal.agent?.last_heartbeat).toBe(early)
  await store[Symbol.asyncDispose]()
  store = open()
  expect((await store.node(uuid))?.internal.agent?.last_heartbeat).toBe(early)
})

test('a commit beside it loses neither', async () => {
  const { uuid } = await make()
  await store.touch(uuid, { at: late, epoch: 1 })
  await store.commit({ node_uuid: uuid, guard: { any: true }, set: { description: 'changed' } })
  expect(await store.node(uuid)).toMatchObject({ description: 'changed', provision_updated_at: late })
})

test('what a turn has written is all told after one flush, and a refused part does not take the others with it', async () => {
  const { uuid } = await make()
  const answers = await Promise.allSettled([
    store.commit({ node_uuid: uuid, guard: { any: true }, set: { description: 'one' } }),
    store.commit({ node_uuid: uuid, guard: { any: true }, revision: 99, set: { description: 'two' } }),
    store.commit({ node_uuid: uuid, guard: { any: true }, set: { name: 'three' } }),
  ])
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(await store.node('three')).toMatchObject({ description: 'one' })
})
