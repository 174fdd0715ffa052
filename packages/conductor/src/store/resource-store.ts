import type { AllocationRecord } from '@ferrite/shared/contracts/allocations'
import type { ChassisRecord } from '@ferrite/shared/contracts/chassis'
import type { DeployTemplateRecord } from '@ferrite/shared/contracts/deploy-templates'
import type { InspectionRuleRecord } from '@ferrite/shared/contracts/inspection-rules'
import type { PortgroupRecord } from '@ferrite/shared/contracts/portgroups'
import type { RunbookRecord } from '@ferrite/shared/contracts/runbooks'
import type { VolumeConnectorRecord, VolumeTargetRecord } from '@ferrite/shared/contracts/volumes'
import type { Page } from './store.ts'

/** The resources that are rows of one table each. */
export type ResourceRecords = {
  chassis: ChassisRecord
  portgroups: PortgroupRecord
  volume_connectors: VolumeConnectorRecord
  volume_targets: VolumeTargetRecord
  allocations: AllocationRecord
  deploy_templates: DeployTemplateRecord
  runbooks: RunbookRecord
  inspection_rules: InspectionRuleRecord
}
export type ResourceKind = keyof ResourceRecords

/** Columns that must have this value, or one of these. `shard` and `conductor_group` are the node's; `visible_to` is a project. */
export type ResourceFilter = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Create, read, list, change and delete, the same for every resource. Each call is one transaction. */
export interface ResourceStore {
  /** Fault conflict when a name, or another thing that must be unique, is taken. */
  create<K extends ResourceKind>(kind: K, record: Partial<ResourceRecords[K]>): Promise<ResourceRecords[K]>
  /** By uuid, or by name where the resource has one. */
  find<K extends ResourceKind>(kind: K, ident: string): Promise<ResourceRecords[K] | undefined>
  /** Fault not_found for an unknown marker, invalid for a key that cannot be sorted by. */
  list<K extends ResourceKind>(kind: K, filter?: ResourceFilter, page?: Page): Promise<ResourceRecords[K][]>
  update<K extends ResourceKind>(kind: K, uuid: string, set: Partial<ResourceRecords[K]>): Promise<ResourceRecords[K]>
  /** Fault not_found, or invalid while something else belongs to it (nodes to a chassis, ports to a port group). */
  delete(kind: ResourceKind, uuid: string): Promise<void>
  /** Every row of a kind. Returns how many there were. */
  deleteAll(kind: ResourceKind): Promise<number>
}

/**
 * How placing an allocation ended:
 * - `placed`: it has a node;
 * - `locked`: suitable nodes exist, but each is worked on now: ask again soon;
 * - `failed`: no node suits, or all of `tries` were used up; the record says why;
 * - `over`: it was deleted or decided by somebody else meanwhile.
 */
export type Placement = 'placed' | 'locked' | 'failed' | 'over'

export interface AllocationStore {
  /** Chooses a node and takes it, in one transaction: a node goes to one allocation, whoever else asks. */
  place(uuid: string, options: { last: boolean }): Promise<Placement>
  /** A new allocation that is active on a node from the start. Fault node_associated or conflict. */
  backfill(record: Partial<AllocationRecord>, node_uuid: string): Promise<AllocationRecord>
  /** Deletes the allocation and frees its node. Fault node_locked, or conflict when the node was changed since `revision`. */
  release(uuid: string, revision: number | undefined): Promise<void>
}

export type BiosSetting = {
  name: string
  value: string | null
  attribute_type?: string | null
  allowable_values?: readonly unknown[] | null
  lower_bound?: number | null
  max_length?: number | null
  min_length?: number | null
  read_only?: boolean | null
  reset_required?: boolean | null
  unique?: boolean | null
  upper_bound?: number | null
}
export type FirmwareComponent = {
  component: string
  initial_version: string
  current_version?: string | null
  last_version_flashed?: string | null
  vendor?: string | null
  model?: string | null
  serial_number?: string | null
}
type Dated<T> = T & { created_at: string; updated_at: string | null }
export type Inventory = { inventory: Record<string, unknown>; plugin_data: Record<string, unknown> }

/** What a node's hardware said of itself; it goes with the node. */
export interface NodeDetails {
  bios(node_uuid: string): Promise<Dated<BiosSetting>[]>
  /** Adds and changes the settings given; with `whole`, others are forgotten. */
  setBios(node_uuid: string, settings: readonly BiosSetting[], options?: { whole?: boolean }): Promise<void>
  firmware(node_uuid: string): Promise<Dated<FirmwareComponent>[]>
  setFirmware(node_uuid: string, components: readonly FirmwareComponent[]): Promise<void>
  inventory(node_uuid: string): Promise<Inventory | undefined>
  setInventory(node_uuid: string, found: Inventory): Promise<void>
}
