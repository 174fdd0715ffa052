import type { Logger } from 'pino'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import type { Heartbeat, LookupAnswer, ProgressReport } from '@ferrite/shared/contracts/callback'
import type { InspectionData } from '@ferrite/shared/contracts/inspection'
import type { BootDevice, InterfaceType, ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import type { BootMode, Indicators, VendorMethod, VirtualMedium } from './interfaces.ts'
import type { CheckResult, SensorReading } from './interfaces.ts'
import type { NodeRecord } from './node.ts'

/** Who asks, for rules, history and audit. */
export type Caller = { user: string | null; project: string | null; source: string; request_id: string }

export type Validation = Record<InterfaceType, { result: boolean | null; reason?: string }>

/** PUT states/provision: checks, moves the state and opens the work in one transaction; the work itself comes later. */
export interface Provision {
  /** Faults as in contract 7.3 and 6.1. `microversion` is the request's minor version. */
  request(ident: string, body: ProvisionRequest, caller: Caller, microversion: number): Promise<void>
}

export interface Power {
  request(ident: string, target: string, options: { timeoutMs?: number }, caller: Caller): Promise<void>
}

export interface Management {
  bootDevice(ident: string): Promise<{ boot_device: BootDevice | null; persistent: boolean | null }>
  supportedBootDevices(ident: string): Promise<readonly BootDevice[]>
  setBootDevice(ident: string, device: string, persistent: boolean): Promise<void>
}

/** What hardware can do beside power and boot devices. Fault unsupported where the node's driver has no such thing. */
export interface Hardware {
  injectNmi(ident: string): Promise<void>
  /** Of these four no failure is answered: what goes wrong, a driver's lack too, is the node's last_error. */
  setBootMode(ident: string, mode: BootMode): Promise<void>
  setSecureBoot(ident: string, on: boolean): Promise<void>
  attachVirtualMedia(ident: string, medium: VirtualMedium): Promise<void>
  detachVirtualMedia(ident: string, devices: readonly string[] | undefined): Promise<void>
  indicators(ident: string): Promise<Indicators>
  indicator(ident: string, component: string, name: string): Promise<string>
  setIndicator(ident: string, component: string, name: string, state: string): Promise<void>
  virtualMedia(ident: string): Promise<readonly Record<string, unknown>[]>
  /** Undefined while the console is not enabled. */
  console(ident: string): Promise<Record<string, unknown> | undefined>
  setConsole(ident: string, enabled: boolean): Promise<void>
  /** Fault not_found where there is no RAID. */
  setRaid(ident: string, config: Record<string, unknown>): Promise<void>
  vendorMethods(ident: string): Promise<Record<string, Omit<VendorMethod, 'run'>>>
  /** `body` is undefined for a method that is answered before it is done. */
  callVendor(ident: string, call: VendorCall): Promise<{ async: boolean; body: unknown }>
}
export type VendorCall = { method: string; verb: string; args: Record<string, unknown> }

export interface Validator {
  validate(ident: string): Promise<Validation>
}

/** What agents call. `peer` is the address of the TCP connection. */
export interface Callback {
  lookup(query: {
    addresses: string[]
    node_uuid?: string
    microversion: number
    peer: string
  }): Promise<LookupAnswer & { node: NodeRecord }>
  /** What an inspection's ramdisk found. `wantsNode`: the answer is that of a lookup. Fault not_found when nobody waits for it. */
  inspected(sent: {
    data: InspectionData
    node_uuid?: string
    wantsNode: boolean
    microversion: number
    peer: string
  }): Promise<Partial<LookupAnswer> & { node: NodeRecord }>
  heartbeat(ident: string, body: Heartbeat, from: { microversion: number; peer: string }): Promise<void>
  progress(report: ProgressReport): Promise<void>
}

export type DriverFacts = {
  name: string
  hosts: string[]
  /** driver_info key → sentence. */
  properties: Record<string, string>
  default: Record<InterfaceType, string>
  enabled: Record<InterfaceType, string[]>
}

export interface DriverCatalogue {
  /** Enabled hardware types. */
  list(): DriverFacts[]
  /** Fault not_found. */
  get(name: string): DriverFacts
  /** The interfaces of a new or changed node: given ones checked, the others filled with defaults. Fault invalid / no_valid_host (400). */
  resolve(
    driver: string,
    given: Partial<Record<`${InterfaceType}_interface`, string | null>>,
  ): Record<`${InterfaceType}_interface`, string>
  /** driver_info keys that this node's drivers declare secret. */
  secretKeys(node: NodeRecord): ReadonlySet<string>
}

/** Events as they happen: stored ones after their commit, progress without storing. */
export interface EventBus {
  publish(event: FerriteEvent): void
  subscribe(listener: (event: FerriteEvent) => void): () => void
  /** The newest progress of each node that is being written. */
  progress(node_uuid: string): Extract<FerriteEvent, { type: 'progress' }> | undefined
}

/** Decides allocations, beside the request that asked for one. */
export interface Allocations {
  place(uuid: string): void
}

/** What machines fetch while they boot; what they fetch is noted. */
export interface BootServer {
  /** The script that every iPXE begins with. */
  entryScript(): string
  /** The machine's own script, or one that sends it to its disk; undefined for a MAC that nobody enrolled. */
  scriptForMac(
    mac: string,
    from: { arch?: string | undefined; platform?: string | undefined },
  ): Promise<string | undefined>
  /** A file of the boot with this number; undefined when that boot is over, or has no such file. */
  file(uuid: string, epoch: number, name: string, peer: string): Promise<BootServerFile | undefined>
  /** A loader for firmware that boots by HTTP. */
  loader(name: string): string | undefined
  /** The machine could not load what it should, and powers itself off. */
  gaveUp(uuid: string, epoch: number): Promise<void>
}
export type BootServerFile = {
  path: string
  digest: string
  onBytes: (sent: number, total: number, ended: boolean) => void
  onMissing(): void
}

/** Tries what a boot needs. `good` when nothing failed. */
export type NodeCheck = (ident: string) => Promise<{ at: string; results: CheckResult[]; good: boolean }>

export interface Machine {
  sensors(ident: string): Promise<SensorReading[]>
  identify(ident: string, seconds: number): Promise<void>
}

export type Services = {
  boot: BootServer
  checkNode: NodeCheck
  machine: Machine
  /** What was seen of a node's boots, for people and programs. */
  bootTrace(node: NodeRecord): Record<string, unknown>
  allocations: Allocations
  provision: Provision
  power: Power
  management: Management
  hardware: Hardware
  validator: Validator
  callback: Callback
  drivers: DriverCatalogue
  events: EventBus
  log: Logger
}
