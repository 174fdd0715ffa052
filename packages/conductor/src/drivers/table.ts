import type { InterfaceType } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type {
  BootInterface,
  ConsoleInterface,
  DeployInterface,
  InspectInterface,
  Interface,
  Interfaces,
  ManagementInterface,
  NetworkInterface,
  PowerInterface,
  RescueInterface,
  StorageInterface,
  VendorInterface,
} from '../core/interfaces.ts'
import type { NodeRecord } from '../core/node.ts'
import type { DriverCatalogue } from '../core/services.ts'
import type { AgentInspection } from '../steps/inspect/agent-inspection.ts'
import type { StepSettings } from '../steps/settings.ts'
import type { NetworkBootName } from './boot/network-boot.ts'
import { createCatalogue } from './catalogue.ts'
import type { ImageChecks } from './deploy/check-image.ts'
import { customAgent } from './deploy/custom-agent.ts'
import { direct } from './deploy/direct.ts'
import { fakeDeploy } from './fake/deploy.ts'
import {
  fakeBios,
  fakeBoot,
  fakeConsole,
  fakeFirmware,
  fakeInspect,
  fakePower,
  fakeRaid,
  fakeRescue,
  fakeStorage,
} from './fake/fake.ts'
import { fakeManagement, noopManagement } from './fake/management.ts'
import { fakeVendor } from './fake/vendor.ts'
import { agentRaid } from './raid/agent.ts'
import { hardwareTypes } from './hardware-types.ts'
import { agentInspect } from './inspect/agent.ts'
import { noInspect } from './inspect/no-inspect.ts'
import { agentRescue } from './rescue/agent.ts'
import { noRescue } from './rescue/no-rescue.ts'
import { bridge, type BridgeSettings } from './network/bridge.ts'
import { flat } from './network/flat.ts'
import { noopNetwork } from './network/noop.ts'
import { noopStorage } from './storage/noop.ts'

type Table = {
  power: Record<string, PowerInterface>
  management: Record<string, ManagementInterface>
  boot: Record<string, BootInterface>
  deploy: Record<string, DeployInterface>
  network: Record<string, NetworkInterface>
  storage: Record<string, StorageInterface>
  inspect: Record<string, InspectInterface>
  rescue: Record<string, RescueInterface>
  /** A node may have none of these: `no-…`. */
  console: Record<string, ConsoleInterface>
  vendor: Record<string, VendorInterface>
  bios: Record<string, Interface>
  firmware: Record<string, Interface>
  raid: Record<string, Interface>
}

export type DriverParts = {
  settings: StepSettings
  images: ImageChecks
  inspection: Omit<AgentInspection, 'steps'>
  networks: BridgeSettings
  /** Implementations that hold connections of their own. */
  redfish: {
    power: PowerInterface
    management: ManagementInterface
    boot: BootInterface
    inspect: InspectInterface
    bios: Interface
    firmware: Interface
    raid: Interface
  }
  ipmi: { power: PowerInterface; management: ManagementInterface }
  netboot: Record<NetworkBootName, BootInterface>
}

/** Every implementation, by interface and name. */
// oxfmt-ignore
const implementations = ({ settings, images, inspection, networks, redfish, ipmi, netboot }: DriverParts): Table => ({
  power:      { redfish: redfish.power, ipmitool: ipmi.power, fake: fakePower },
  management: { redfish: redfish.management, ipmitool: ipmi.management, fake: fakeManagement, noop: noopManagement },
  boot:       { 'redfish-virtual-media': redfish.boot, ...netboot, fake: fakeBoot },
  deploy:     { direct: direct(settings, images), 'custom-agent': customAgent(settings), fake: fakeDeploy },
  network:    { noop: noopNetwork, flat: flat(networks), bridge: bridge(networks) },
  storage:    { noop: noopStorage, fake: fakeStorage },
  inspect:    { 'no-inspect': noInspect, agent: agentInspect({ ...inspection, steps: settings }), redfish: redfish.inspect, fake: fakeInspect },
  rescue:     { 'no-rescue': noRescue, agent: agentRescue(settings), fake: fakeRescue },
  console:    { fake: fakeConsole },
  vendor:     { fake: fakeVendor },
  bios:       { redfish: redfish.bios, fake: fakeBios },
  firmware:   { redfish: redfish.firmware, fake: fakeFirmware },
  raid:       { redfish: redfish.raid, agent: agentRaid, fake: fakeRaid },
})

export interface Drivers {
  readonly catalogue: DriverCatalogue
  /** Fault invalid when the node names an implementation that is not there (any more). */
  interfacesOf: (node: NodeRecord) => Interfaces
}

/** The drivers of this conductor: only hardware types that the configuration names. Fault invalid for an unknown name. */
export function createDrivers(options: DriverParts & { enabled: readonly string[]; host: string }): Drivers {
  const table = implementations(options)
  const unknown = options.enabled.find((name) => !hardwareTypes.some((type) => type.name === name))
  if (unknown !== undefined) {
    const known = hardwareTypes.map((type) => type.name).join(', ')
    throw new Fault('invalid', `enabled_hardware_types names ${unknown}, but the hardware types are: ${known}`)
  }
  const types = hardwareTypes.filter((type) => options.enabled.includes(type.name))
  const find = (type: InterfaceType, name: string): Interface | undefined =>
    type in table ? table[type as keyof Table][name] : undefined
  return {
    catalogue: createCatalogue({ types, host: options.host, find }),
    interfacesOf: (node) => ({
      power: pick(table.power, node, 'power'),
      management: pick(table.management, node, 'management'),
      boot: pick(table.boot, node, 'boot'),
      deploy: pick(table.deploy, node, 'deploy'),
      network: pick(table.network, node, 'network'),
      storage: pick(table.storage, node, 'storage'),
      inspect: pick(table.inspect, node, 'inspect'),
      // Nodes of an earlier version have none.
      rescue: node.rescue_interface === null ? noRescue : pick(table.rescue, node, 'rescue'),
      ...perhaps(table, node),
    }),
  }
}

const optional = ['console', 'vendor', 'bios', 'firmware', 'raid'] as const

function perhaps(table: Table, node: NodeRecord): Pick<Interfaces, (typeof optional)[number]> {
  const named = optional.filter((type) => node[`${type}_interface`]?.startsWith('no-') === false)
  return Object.fromEntries(named.map((type) => [type, pick<Interface>(table[type], node, type)]))
}

function pick<T>(from: Record<string, T>, node: NodeRecord, type: keyof Interfaces): T {
  const name = node[`${type}_interface`] ?? ''
  const found = Object.hasOwn(from, name) ? from[name] : undefined
  if (found) return found
  throw new Fault(
    'invalid',
    `node ${node.uuid} names the ${type} interface "${name}", which this conductor does not have`,
  )
}
