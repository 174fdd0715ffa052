import type { Logger } from 'pino'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import { interfaceTypes, type InterfaceType } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type {
  DriverCatalogue,
  DriverFacts,
  EventBus,
  Hardware,
  Services,
  Validation,
} from '@ferrite/conductor/core/services'
import type { Store } from '@ferrite/conductor/store/store'

const byType = <T>(make: (type: InterfaceType) => T): Record<InterfaceType, T> =>
  Object.fromEntries(interfaceTypes.map((type) => [type, make(type)])) as Record<InterfaceType, T>

/** Services that do nothing but answer, for tests of the API alone. */
export function fakeServices(store: Store, log: Logger): Services {
  return {
    log,
    drivers: fakeDrivers(),
    events: fakeEvents(store),
    provision: { request: async () => {} },
    power: { request: async () => {} },
    allocations: { place: (uuid) => void store.allocations.place(uuid, { last: true }) },
    management: {
      bootDevice: async () => ({ boot_device: 'disk', persistent: true }),
      supportedBootDevices: async () => ['pxe', 'disk'],
      setBootDevice: async () => {},
    },
    hardware: noHardware(store),
    boot: {
      entryScript: () => '#!ipxe\n',
      scriptForMac: async () => undefined,
      file: async () => undefined,
      loader: () => undefined,
      gaveUp: async () => {},
    },
    bootTrace: (node) => ({ node_uuid: node.uuid, boots: [] }),
    checkNode: async () => ({ at: '', results: [], good: true }),
    machine: { sensors: async () => [], identify: async () => {} },
    validator: { validate: async () => byType(() => ({ result: true })) as Validation },
    callback: {
      lookup: async ({ node_uuid, addresses }) => {
        const [port] = addresses.length > 0 ? await store.ports({ address: addresses }) : []
        const node = await store.node(node_uuid ?? port?.node_uuid ?? '')
        if (!node) throw new Fault('not_found', 'no node has these addresses')
        return { node, config: { heartbeat_timeout: 300, agent_token: 'x'.repeat(43), agent_token_required: true } }
      },
      inspected: async () => {
        throw new Fault('not_found', 'nobody waits for this inspection')
      },
      heartbeat: async (_ident, body) => {
        if (!body.agent_token) throw new Fault('invalid', 'Agent token is required for heartbeat processing.')
      },
      progress: async () => {},
    },
  }
}

const facts = (name: string): DriverFacts => ({
  name,
  hosts: ['c1'],
  properties: { [`${name}_password`]: 'A password.' },
  default: byType((type) => (type === 'network' ? 'noop' : 'fake')),
  enabled: byType((type) => (type === 'network' ? ['noop', 'flat'] : ['fake', 'other'])),
})

function fakeDrivers(): DriverCatalogue {
  const known = ['fake-hardware', 'redfish']
  return {
    list: () => known.map(facts),
    get: (name) => {
      if (!known.includes(name)) throw new Fault('not_found', `Driver ${name} could not be found.`)
      return facts(name)
    },
    resolve: (driver, given) => {
      if (!known.includes(driver)) {
        throw new Fault(
          'no_valid_host',
          `No valid host was found. Reason: No conductor service registered which supports driver ${driver} for conductor group "".`,
        )
      }
      const { enabled, default: standard } = facts(driver)
      const chosen = interfaceTypes.map((type) => {
        const name = given[`${type}_interface`] ?? standard[type]
        if (!enabled[type].includes(name)) {
          throw new Fault(
            'invalid',
            `Could not find the following interface: ${name}. Valid interfaces are ${enabled[type].join(', ')}.`,
          )
        }
        return [`${type}_interface`, name]
      })
      return Object.fromEntries(chosen)
    },
    secretKeys: () => new Set(['declared_by_schema']),
  }
}

function fakeEvents(store: Store): EventBus {
  const listeners = new Set<(event: FerriteEvent) => void>()
  const newest = new Map<string, Extract<FerriteEvent, { type: 'progress' }>>()
  const publish = (event: FerriteEvent) => {
    if (event.type === 'progress') newest.set(event.node_uuid, event)
    for (const listener of listeners) listener(event)
  }
  store.onEvents((events) => events.forEach(publish))
  return {
    publish,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    progress: (node) => newest.get(node),
  }
}

/** Hardware that can do nothing, and says so. */
function noHardware(store: Store): Hardware {
  const refuse =
    (extension: string, code: 'unsupported' | 'not_found' = 'unsupported') =>
    async (ident: string) => {
      const node = await store.node(ident)
      throw new Fault(code, `Driver ${node?.driver} does not support ${extension} (disabled or not implemented).`)
    }
  return {
    injectNmi: refuse('inject_nmi'),
    setBootMode: refuse('set_boot_mode'),
    setSecureBoot: refuse('set_secure_boot_state'),
    indicators: refuse('get_supported_indicators'),
    indicator: refuse('get_indicator_state'),
    setIndicator: refuse('set_indicator_state'),
    virtualMedia: refuse('get_virtual_media'),
    attachVirtualMedia: refuse('attach_virtual_media'),
    detachVirtualMedia: refuse('detach_virtual_media'),
    console: refuse('console'),
    setConsole: refuse('console'),
    setRaid: refuse('raid', 'not_found'),
    vendorMethods: async () => ({}),
    callVendor: refuse('vendor'),
  }
}
