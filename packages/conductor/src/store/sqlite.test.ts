import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Secret } from '@ferrite/shared/secret'
import type { Clock } from '../core/clock.ts'
import { systemClock } from '../core/clock.ts'
import { openSqliteStore } from './sqlite.ts'
import type { Store } from './store.ts'

let directory: string
let store: Store
let now = new Date('2026-01-01T00:00:00Z')
const clock: Clock = { ...systemClock, now: () => now }
const open = () => openSqliteStore({ directory, clock, host: 'c1' })
const owner = { owner: 'c1', leaseMs: 60_000, limit: 10 }
const work = { kind: 'provision', args: { verb: 'manage' }, purpose: 'manage' } as const

beforeEach(async () => {
  now = new Date('2026-01-01T00:00:00Z')
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-store-'))
  store = open()
})
afterEach(async () => {
  await store[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

test('a node comes back as it was stored, by uuid and by name', async () => {
  const made = await store.createNode(
    {
      driver: 'redfish',
      name: 'n1',
      driver_info: { redfish_password: 'geheim' },
      traits: ['CUSTOM_A'],
      automated_clean: false,
    },
    [{ type: 'node_created' }],
  )
  expect(await store.node('n1')).toEqual(await store.node(made.uuid))
  expect(await store.node('n1')).toMatchObject({
    provision_state: 'enroll',
    driver_info: { redfish_password: 'geheim' },
    traits: ['CUSTOM_A'],
    automated_clean: false,
    maintenance: false,
    lessee: null,
    extra: {},
  })
})

test('no secret is in any file of the database', async () => {
  const node = await store.createNode({ driver: 'redfish', driver_info: { redfish_password: 'canary-1' } }, [])
  await store.commit({
    node_uuid: node.uuid,
    guard: { any: true },
    set: { internal: { agent: { epoch: 1, token: 'canary-2' } } },
    configdrive: new Secret('canary-3'),
  })
  expect((await store.node(node.uuid))?.internal.agent?.token).toBe('canary-2')
  expect((await store.configdrive(node.uuid))?.reveal()).toBe('canary-3')
  for (const name of ['ferrite.db', 'ferrite.db-wal']) {
    expect((await readFile(path.join(directory, name))).includes('canary')).toBe(false)
  }
})

test('two nodes cannot have one name', async () => {
  await store.createNode({ driver: 'redfish', name: 'n1' }, [])
  await expect(store.createNode({ driver: 'redfish', name: 'n1' }, [])).rejects.toThrow(
    'A node with name n1 already exists.',
  )
})

test('a reserved node refuses unlocked commits and locks until its work is closed', async () => {
  const { uuid } = await store.createNode({ driver: 'redfish' }, [])
  await store.commit({ node_uuid: uuid, guard: { unlocked: true }, open: work })
  await expect(store.commit({ node_uuid: uuid, guard: { unlocked: true }, set: { extra: { a: 1 } } })).rejects.toThrow(
    'is locked by host c1',
  )
  await expect(store.lock(uuid, { owner: 'c1', purpose: 'x', leaseMs: 1000 })).rejects.toThrow('is locked')
  const [claimed] = await store.claim(owner)
  expect(claimed?.work).toMatchObject({ kind: 'provision', args: { verb: 'manage' }, attempts: 1 })
  expect(await store.claim(owner)).toEqual([])
  await store.commit({ node_uuid: uuid, guard: { fence: claimed!.fence }, close: { work_id: claimed!.work.id } })
  expect((await store.node(uuid))?.reservation).toBeNull()
  await store.commit({ node_uuid: uuid, guard: { unlocked: true }, set: { extra: { a: 1 } } })
})

test('work whose lease ran out is claimed again, and the first holder can write no more', async () => {
  const { uuid } = await store.createNode({ driver: 'redfish' }, [])
  await store.commit({ node_uuid: uuid, guard: { unlocked: true }, open: work })
  const [first] = await store.claim(owner)
  now = new Date(now.getTime() + 61_000)
  const [second] = await store.claim(owner)
  expect(second?.fence).toBe(first!.fence + 1)
  await expect(
    store.commit({ node_uuid: uuid, guard: { fence: first!.fence }, set: { last_error: 'x' } }),
  ).rejects.toMatchObject({ code: 'lease_lost' })
  await expect(store.renew(uuid, first!.fence, 1000)).rejects.toMatchObject({ code: 'lease_lost' })
  await store.renew(uuid, second!.fence, 1000)
})

test('a freed piece of work waits without holding the node, and a new order replaces it', async () => {
  const { uuid } = await store.createNode({ driver: 'redfish' }, [])
  await store.commit({ node_uuid: uuid, guard: { unlocked: true }, open: work })
  const [claimed] = await store.claim(owner)
  const due = new Date(now.getTime() + 5000)
  await store.commit({
    node_uuid: uuid,
    guard: { fence: claimed!.fence },
    again: { work_id: claimed!.work.id, due_at: due, free: true },
  })
  expect((await store.node(uuid))?.reservation).toBeNull()
  expect(await store.nextDue()).toEqual(due)
  expect(await store.claim(owner)).toEqual([])
  await store.commit({ node_uuid: uuid, guard: { unlocked: true }, open: { ...work, kind: 'resume' } })
  expect((await store.claim(owner)).map((claim) => claim.work.kind)).toEqual(['resume'])
})

test('after a restart the work of the earlier life is claimable at once, and lone locks fall', async () => {
  const a = await store.createNode({ driver: 'redfish' }, [])
  const b = await store.createNode({ driver: 'redfish' }, [])
  await store.commit({ node_uuid: a.uuid, guard: { unlocked: true }, open: work })
  await store.claim(owner)
  await store.lock(b.uuid, { owner: 'c1', purpose: 'boot device', leaseMs: 60_000 })
  await store[Symbol.asyncDispose]()
  store = open()
  expect(await store.expireLeases('c1')).toBe(2)
  expect((await store.claim(owner)).map((claim) => claim.node.uuid)).toEqual([a.uuid])
  expect((await store.node(b.uuid))?.reservation).toBeNull()
})

test('pages follow the marker in any order, nulls included', async () => {
  for (const name of ['c', 'a', 'b'])
    await store.createNode({ driver: 'redfish', name, ...(name === 'b' && { owner: 'z' }) }, [])
  for (const sort_key of ['id', 'name', 'owner']) {
    for (const sort_dir of ['asc', 'desc'] as const) {
      const all = (await store.nodes({}, { sort_key, sort_dir })).map((node) => node.uuid)
      const paged: string[] = []
      for (;;) {
        const marker = paged.at(-1)
        const page = await store.nodes({}, { sort_key, sort_dir, limit: 1, ...(marker && { marker }) })
        if (page.length === 0) break
        paged.push(page[0]!.uuid)
      }
      expect(paged).toEqual(all)
    }
  }
  await expect(store.nodes({}, { sort_key: 'driver_info' })).rejects.toThrow('invalid field for sorting')
})

test('events are numbered, stored and told after their commit only', async () => {
  const told: number[] = []
  store.onEvents((events) => told.push(...events.map((event) => event.id)))
  const node = await store.createNode({ driver: 'redfish' }, [{ type: 'node_created' }])
  await expect(
    store.commit({
      node_uuid: node.uuid,
      guard: { fence: 99 },
      events: [{ type: 'power_state', from: null, to: 'power on' }],
    }),
  ).rejects.toThrow('is not ours any more')
  await store.commit({
    node_uuid: node.uuid,
    guard: { any: true },
    events: [{ type: 'power_state', from: null, to: 'power on' }],
  })
  expect(told).toEqual([1, 2])
  expect((await store.eventsAfter(1, 10)).map((event) => event.type)).toEqual(['power_state'])
})

test('another key does not open the database', async () => {
  await store[Symbol.asyncDispose]()
  await rm(path.join(directory, 'secrets.key'))
  expect(open).toThrow('secrets.key does not belong to this database')
  await rm(directory, { recursive: true })
  store = open()
})

test('every file is its owner’s alone, in a directory that others can read too', async () => {
  await store[Symbol.asyncDispose]()
  await rm(path.join(directory, 'ferrite.db'))
  await chmod(directory, 0o755)
  store = open()
  await store.createNode({ driver: 'redfish' }, [])
  const files = await readdir(directory)
  expect(files).toEqual(expect.arrayContaining(['ferrite.db', 'ferrite.db-wal', 'ferrite.db-shm', 'secrets.key']))
  for (const file of files) {
    expect([file, (await stat(path.join(directory, file))).mode & 0o077]).toEqual([file, 0])
  }
})

test('a key that a crash or a full disk left half made does not stop the next start', async () => {
  await store[Symbol.asyncDispose]()
  await Promise.all(['ferrite.db', 'secrets.key'].map((file) => rm(path.join(directory, file))))
  await writeFile(path.join(directory, 'secrets.key.new'), 'half', { mode: 0o400 })
  store = open()
  expect(await readFile(path.join(directory, 'secrets.key'))).toHaveLength(32)
})
