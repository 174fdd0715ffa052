import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { configSchema, type Config } from '@ferrite/conductor/config'
import { createApi } from '@ferrite/conductor/api/server'
import { createConductor } from '@ferrite/conductor/conductor'
import { systemClock } from '@ferrite/conductor/core/clock'
import { openSqliteStore } from '@ferrite/conductor/store/sqlite'
import type { Store } from '@ferrite/conductor/store/store'
import { asker, type Ask } from './api-fixture.ts'

export type FakeConductor = AsyncDisposable & { ask: Ask; store: Store; url: string }

/** A whole conductor with fake-hardware: nothing is left out but the machines. */
export async function startFakeConductor(settings: Partial<Config> = {}): Promise<FakeConductor> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ferrite-fake-'))
  const config = configSchema.parse({
    state_dir: directory,
    host: 'c1',
    listen: '127.0.0.1:0',
    ramdisk_listen: '127.0.0.1:0',
    enabled_hardware_types: ['fake-hardware'],
    ...settings,
  })
  const log = pino({ level: 'silent' })
  const clock = systemClock
  const store = openSqliteStore({ directory, clock, host: config.host })
  let ramdisk = ''
  const conductor = await createConductor(config, { store, clock, log, ramdiskUrl: () => ramdisk })
  const api = createApi(config, { services: conductor.services, store, log, clock })
  const { operatorUrl, ramdiskUrl } = await api.listen()
  ramdisk = ramdiskUrl
  await conductor.start()
  return {
    ask: asker(operatorUrl),
    store,
    url: operatorUrl,
    [Symbol.asyncDispose]: async () => {
      await api.close()
      await conductor.stop()
      await store[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
