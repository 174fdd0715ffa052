import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '@ferrite/conductor/config'
import { startApi, type ApiFixture, type Ask } from '../contracts/api-fixture.ts'
import { startFakeKeystone, type FakeKeystone, type FakeToken } from './fake-keystone.ts'

export const owner = 'project-owner'
export const lessee = 'project-lessee'
export const stranger = 'project-stranger'
export const canary = 'kanarienvogel'

/** Whoever there is: system and project roles, by name. */
export const people = {
  'system admin': { roles: ['admin'], system: true },
  'system member': { roles: ['member'], system: true },
  'system reader': { roles: ['reader'], system: true },
  'owner admin': { roles: ['admin'], project: owner },
  'owner manager': { roles: ['manager'], project: owner },
  'owner member': { roles: ['member'], project: owner },
  'owner reader': { roles: ['reader'], project: owner },
  'lessee admin': { roles: ['admin'], project: lessee },
  'lessee manager': { roles: ['manager'], project: lessee },
  'lessee member': { roles: ['member'], project: lessee },
  'lessee reader': { roles: ['reader'], project: lessee },
  'stranger admin': { roles: ['admin'], project: stranger },
  roleless: { roles: [], project: owner },
} as const satisfies Record<string, FakeToken>
export type Person = keyof typeof people
export const everybody = Object.keys(people) as Person[]

export type World = AsyncDisposable & {
  api: ApiFixture
  keystone: FakeKeystone
  as(person: Person): Ask
  /** Nodes and what belongs to them, by what they are for. */
  ids: Record<
    'own' | 'leased' | 'foreign' | 'ownPort' | 'leasedPort' | 'foreignPort' | 'group' | 'foreignGroup',
    string
  >
}

const uuid = (at: number): string => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`

/** Three nodes: one that a project owns, one that it lends to another, one of nobody. */
export async function startWorld(settings: Partial<Config> = {}): Promise<World> {
  const keystone = await startFakeKeystone('pw')
  for (const [name, token] of Object.entries(people)) keystone.tokens.set(name, token)
  const password = path.join(process.env['TMPDIR'] ?? '/tmp', `ferrite-keystone-${process.pid}-${Math.random()}`)
  await writeFile(password, 'pw')
  const api = await startApi({
    auth: ['keystone'],
    keystone_url: keystone.url,
    keystone_password_file: password,
    rate_limit_logins: 0,
    ...settings,
  })
  const ids = await plant(api)
  return {
    api,
    keystone,
    ids,
    as:
      (person) =>
      (method, target, body, options = {}) =>
        api.ask(method, target, body, { ...options, headers: { ...options.headers, 'x-auth-token': person } }),
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]()
      await keystone[Symbol.asyncDispose]()
    },
  }
}

async function plant({ store }: ApiFixture): Promise<World['ids']> {
  const node = async (at: number, more: object) => {
    const secret = {
      driver_info: { redfish_password: canary, redfish_address: 'https://bmc.example' },
      last_error: `login with password=${canary} failed at bmc.example`,
      internal: { agent: { epoch: 1, token: canary, url: 'https://agent.example:9999' } },
    }
    const fields = { uuid: uuid(at), driver: 'fake-hardware', power_state: 'power off' as const }
    return (await store.createNode({ ...fields, ...secret, ...more }, [])).uuid
  }
  const own = await node(1, { owner, provision_state: 'available', name: 'own' })
  const leased = await node(2, { owner, lessee, provision_state: 'active', name: 'leased' })
  const foreign = await node(3, { provision_state: 'available', name: 'foreign' })
  const port = async (at: number, node_uuid: string) =>
    (await store.createPort({ uuid: uuid(at), node_uuid, address: `52:54:00:00:00:${at}` })).uuid
  const group = async (at: number, node_uuid: string) =>
    (await store.resources.create('portgroups', { uuid: uuid(at), node_uuid, name: `g${at}` })).uuid
  return {
    own,
    leased,
    foreign,
    ownPort: await port(11, own),
    leasedPort: await port(12, leased),
    foreignPort: await port(13, foreign),
    group: await group(21, own),
    foreignGroup: await group(22, foreign),
  }
}
