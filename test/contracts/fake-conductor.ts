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

export type FakeConductor = AsyncDisposable & { ask: Ask; store: Store; url: string; ramdiskUrl: string }

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
    ramdiskUrl,
    [Symbol.asyncDispose]: async () => {
      await api.close()
      await conductor.stop()
      await store[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

type Body = Record<string, unknown>

/** Fake machines of a conductor, and the ways in which tests have them work. A machine is the path of its node. */
export type Machines = {
  machine: (body?: Body) => Promise<string>
  /** One that is manageable. */
  manageable: (body?: Body) => Promise<string>
  when: (node: string, holds: (node: Body) => boolean) => Promise<Body>
  order: (node: string, target: string, more?: Body) => Promise<void>
  /** Waits until the node has come to rest in `state`. */
  reach: (node: string, state: string) => Promise<Body>
}

const able = {
  bios_interface: 'fake',
  console_interface: 'fake',
  firmware_interface: 'fake',
  inspect_interface: 'fake',
  vendor_interface: 'fake',
}

export function machinesOf(conductor: () => FakeConductor): Machines {
  const ask: Ask = (...given) => conductor().ask(...given)
  let names = 0
  const when = async (node: string, holds: (node: Body) => boolean): Promise<Body> => {
    for (;;) {
      const { json } = await ask('GET', node)
      if (holds(json)) return json
    }
  }
  const machine = async (body: Body = {}): Promise<string> => {
    names += 1
    const made = await ask('POST', '/v1/nodes', { driver: 'fake-hardware', name: `h${names}`, ...able, ...body })
    if (made.status !== 201) throw new Error(made.text)
    return `/v1/nodes/${String(made.json['uuid'])}`
  }
  const order = async (node: string, target: string, more: Body = {}): Promise<void> => {
    const answer = await ask('PUT', `${node}/states/provision`, { target, ...more })
    if (answer.status !== 202) throw new Error(`${target}: ${answer.text}`)
  }
  const reach = (node: string, state: string) =>
    when(node, (now) => now['provision_state'] === state && now['reservation'] === null)
  const manageable = async (body: Body = {}): Promise<string> => {
    const node = await machine(body)
    await order(node, 'manage')
    await reach(node, 'manageable')
    return node
  }
  return { machine, manageable, when, order, reach }
}
