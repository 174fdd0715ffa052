import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { pino } from 'pino'
import { systemClock } from '../core/clock.ts'
import { openSqliteStore } from '../store/sqlite.ts'
import { lookup, type LookupParts } from './lookup.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'ferrite-lookup-'))
const store = openSqliteStore({ directory, clock: systemClock, host: 'one' })
afterAll(async () => {
  await store[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true })
})

const booted_at = systemClock.now().toISOString()
const booted = (epoch: number) => ({ agent: { epoch, booted_at } })
const parts: LookupParts = {
  store,
  clock: systemClock,
  log: pino({ level: 'silent' }),
  heartbeatTimeout: 300,
  allowMd5: false,
  lookupWindowMs: 1_000_000,
  progressPath: '/progress',
  handedOut: new Set(),
  wake: () => undefined,
} as unknown as LookupParts

test('a lookup that was made before a reboot does not take the token of the boot after it', async () => {
  const { uuid } = await store.createNode(
    { driver: 'fake-hardware', provision_state: 'wait call-back', internal: booted(1) },
    [],
  )
  const query = { node_uuid: uuid, addresses: [], microversion: 62, peer: '10.0.0.1' }
  // Its second reading, before it writes, is of the next boot.
  let readings = 0
  const rebooting = {
    ...store,
    node: async (ident: string) => {
      readings += 1
      if (readings === 2) {
        await store.commit({ node_uuid: uuid, guard: { any: true }, set: { internal: booted(2) } })
      }
      return store.node(ident)
    },
  }
  await expect(lookup({ ...parts, store: rebooting }, query)).rejects.toMatchObject({ code: 'not_found' })
  expect((await store.node(uuid))?.internal.agent).toEqual(booted(2).agent)
  expect((await lookup(parts, query)).config?.agent_token).toHaveLength(43)
})
