import type { JsonPatch, NodeView } from '@ferrite/shared/contracts/nodes'
import type { PortRecord } from '@ferrite/shared/contracts/ports'
import type { ProvisionVerb } from '@ferrite/shared/provision'
import { CommandError } from './exit.ts'
import { openHttp, type Http, type HttpOptions, type Query } from './http.ts'

/** A node as a server shows it: an older one leaves newer fields out. */
export type Node = Pick<NodeView, 'uuid' | 'driver' | 'provision_state'> & Partial<NodeView>
export type Port = Pick<PortRecord, 'uuid' | 'address'> & Partial<PortRecord>
export type Driver = { name: string; hosts: string[] } & Record<string, unknown>
export type Validation = Record<string, { result: boolean | null; reason?: string }>
export type HistoryEntry = Record<string, unknown> & {
  uuid: string
  created_at: string
  severity: string
  event: string
}
export type BootDeviceAnswer = { boot_device: string | null; persistent: boolean | null }

export type NodeCheck = {
  at: string
  results: { name: string; result: 'ok' | 'warning' | 'failed' | 'skipped'; detail: string }[]
}
/** One boot as it was seen; `seconds` since power on. */
export type Boot = {
  epoch: number
  started_at: string
  signs: { what: string; seconds: number; trouble: boolean; detail: string | null; bytes: number | null }[]
}

export type Client = ReturnType<typeof openClient>

/** Ironic's API at one conductor, in calls. Every call throws CommandError with the server's sentence. */
export function openClient(options: HttpOptions) {
  const http = openHttp(options)
  return { http, url: http.url, ...nodeCalls(http), ...stateCalls(http), ...otherCalls(http) }
}

const at = (ident: string, rest = ''): string => `/v1/nodes/${encodeURIComponent(ident)}${rest}`

const ours = (ident: string, rest: string): string => `/ferrite/v1/nodes/${encodeURIComponent(ident)}${rest}`

function nodeCalls(http: Http) {
  return {
    nodes: (query: Query = {}) => listed<Node>(http, '/v1/nodes', 'nodes', query),
    node: async (ident: string) => (await http.json('GET', at(ident))) as Node,
    createNode: async (body: Record<string, unknown>) => (await http.json('POST', '/v1/nodes', { body })) as Node,
    patchNode: async (ident: string, body: JsonPatch, query: Query = {}) =>
      (await http.json('PATCH', at(ident), { body, query })) as Node,
    deleteNode: async (ident: string) => void (await http.json('DELETE', at(ident))),
    validate: async (ident: string) => (await http.json('GET', at(ident, '/validate'))) as Validation,
    history: async (ident: string) =>
      (await listed<HistoryEntry>(http, at(ident, '/history'), 'history', { detail: true })).toSorted((a, b) =>
        a.created_at.localeCompare(b.created_at),
      ),
    setMaintenance: async (ident: string, reason: string | null) =>
      void (await http.json('PUT', at(ident, '/maintenance'), { body: { reason } })),
    unsetMaintenance: async (ident: string) => void (await http.json('DELETE', at(ident, '/maintenance'))),
    traits: async (ident: string) => ((await http.json('GET', at(ident, '/traits'))) as { traits: string[] }).traits,
    addTrait: async (ident: string, trait: string) =>
      void (await http.json('PUT', at(ident, `/traits/${encodeURIComponent(trait)}`))),
    removeTrait: async (ident: string, trait: string) =>
      void (await http.json('DELETE', at(ident, `/traits/${encodeURIComponent(trait)}`))),
  }
}

function stateCalls(http: Http) {
  return {
    provision: async (ident: string, target: ProvisionVerb, more: Record<string, unknown> = {}) =>
      void (await http.json('PUT', at(ident, '/states/provision'), { body: { target, ...more } })),
    power: async (ident: string, target: string, timeout?: number) =>
      void (await http.json('PUT', at(ident, '/states/power'), { body: { target, ...(timeout && { timeout }) } })),
    checkNode: async (ident: string, timeoutMs: number) =>
      (await http.json('POST', ours(ident, '/check'), { timeoutMs })) as NodeCheck,
    bootTrace: async (ident: string) => (await http.json('GET', ours(ident, '/boot-trace'))) as { boots: Boot[] },
    bootDevice: async (ident: string) =>
      (await http.json('GET', at(ident, '/management/boot_device'))) as BootDeviceAnswer,
    setBootDevice: async (ident: string, boot_device: string, persistent: boolean) =>
      void (await http.json('PUT', at(ident, '/management/boot_device'), { body: { boot_device, persistent } })),
  }
}

function otherCalls(http: Http) {
  return {
    ports: (query: Query = {}) => listed<Port>(http, '/v1/ports', 'ports', query),
    port: async (ident: string) => (await http.json('GET', `/v1/ports/${encodeURIComponent(ident)}`)) as Port,
    createPort: async (body: Record<string, unknown>) => (await http.json('POST', '/v1/ports', { body })) as Port,
    deletePort: async (ident: string) => void (await http.json('DELETE', `/v1/ports/${encodeURIComponent(ident)}`)),
    drivers: () => listed<Driver>(http, '/v1/drivers', 'drivers', { detail: true }),
    driver: async (name: string) => (await http.json('GET', `/v1/drivers/${encodeURIComponent(name)}`)) as Driver,
    driverProperties: async (name: string) =>
      (await http.json('GET', `/v1/drivers/${encodeURIComponent(name)}/properties`)) as Record<string, string>,
    root: async () => (await http.json('GET', '/')) as { name?: string; default_version?: { version?: string } },
  }
}

/** A whole list, page after page. */
async function listed<Row extends object>(http: Http, path: string, key: string, query: Query): Promise<Row[]> {
  const rows: Row[] = []
  let marker: string | undefined
  for (;;) {
    const page = (await http.json('GET', path, { query: { ...query, marker } })) as Record<string, unknown>
    const items = page[key]
    if (!Array.isArray(items)) throw new CommandError('failed', `${http.url}${path} answered without "${key}"`)
    rows.push(...(items as Row[]))
    const next = page['next']
    const following = typeof next === 'string' ? new URL(next, http.url).searchParams.get('marker') : null
    if (!following || following === marker) return rows
    marker = following
  }
}
