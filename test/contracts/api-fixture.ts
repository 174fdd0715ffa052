import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { configSchema, type Config } from '@ferrite/conductor/config'
import { createApi } from '@ferrite/conductor/api/server'
import type { Services } from '@ferrite/conductor/core/services'
import { systemClock, type Clock } from '@ferrite/conductor/core/clock'
import { openSqliteStore } from '@ferrite/conductor/store/sqlite'
import type { Store } from '@ferrite/conductor/store/store'
import { fakeServices } from './fake-services.ts'

export type Answered = {
  status: number
  headers: Headers
  text: string
  json: Record<string, unknown> & { error_message?: string }
  /** The inner document of an error. */
  fault: { faultstring?: string; faultcode?: string; code?: number; title?: string; description?: string }
}
export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  options?: { version?: string | null; headers?: Record<string, string> },
) => Promise<Answered>

export type ApiFixture = AsyncDisposable & {
  config: Config
  store: Store
  services: Services
  operatorUrl: string
  ramdiskUrl: string
  /** Asks the operators' listener at 1.115 unless told otherwise; `version: null` sends none. */
  ask: Ask
  askRamdisk: Ask
  /** Every line that was logged. */
  logged: string[]
}

/** A real API on real sockets over a real store; only what drives machines is a fake. */
export async function startApi(
  settings: Partial<Config> = {},
  parts: Partial<Services> = {},
  clock: Clock = systemClock,
) {
  const directory = await mkdtemp(path.join(tmpdir(), 'ferrite-api-'))
  const config = configSchema.parse({
    state_dir: directory,
    host: 'c1',
    listen: '127.0.0.1:0',
    ramdisk_listen: '127.0.0.1:0',
    enabled_hardware_types: ['fake-hardware', 'redfish'],
    ...settings,
  })
  const logged: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) })
  const store = openSqliteStore({ directory, clock, host: config.host })
  const services: Services = { ...fakeServices(store, log), ...parts }
  await store.registerConductor({ hostname: 'c1', conductor_group: '', drivers: config.enabled_hardware_types })
  const api = createApi(config, { services, store, log, clock })
  const { operatorUrl, ramdiskUrl } = await api.listen()
  const fixture: ApiFixture = {
    config,
    store,
    services,
    operatorUrl,
    ramdiskUrl,
    logged,
    ask: asker(operatorUrl),
    askRamdisk: asker(ramdiskUrl),
    [Symbol.asyncDispose]: async () => {
      await api.close()
      await store[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
  return fixture
}

export function asker(base: string): Ask {
  return async (method, target, body, { version = '1.115', headers = {} } = {}) => {
    const response = await fetch(base + target, {
      method,
      headers: {
        ...(version === null ? {} : { 'X-OpenStack-Ironic-API-Version': version }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    const json = (isJson ? JSON.parse(text) : {}) as Answered['json']
    const fault = (typeof json.error_message === 'string' ? JSON.parse(json.error_message) : {}) as Answered['fault']
    return { status: response.status, headers: response.headers, text, json, fault }
  }
}
