import type { Logger } from 'pino'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import type { Heartbeat, LookupAnswer, ProgressReport } from '@ferrite/shared/contracts/callback'
import type { BootDevice, InterfaceType, ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import type { BootMode, Indicators, VendorMethod, VirtualMedium } from './interfaces.ts'
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
  setBootMode(ident: string, mode: BootMode): Promise<void>
  setSecureBoot(ident: string, on: boolean): Promise<void>
  indicators(ident: string): Promise<Indicators>
  indicator(ident: string, component: string, name: string): Promise<string>
  setIndicator(ident: string, component: string, name: string, state: string): Promise<void>
  virtualMedia(ident: string): Promise<readonly Record<string, unknown>[]>
  attachVirtualMedia(ident: string, medium: VirtualMedium): Promise<void>
  detachVirtualMedia(ident: string, devices: readonly string[] | undefined): Promise<void>
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

export type Services = {
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
