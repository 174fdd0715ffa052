import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import type { PortRecord } from '@ferrite/shared/contracts/ports'
import type { Secret } from '@ferrite/shared/secret'
import type { NodeChanges, NodeRecord } from '../core/node.ts'
import type { AllocationStore, NodeDetails, ResourceStore } from './resource-store.ts'

/** A piece of durable work. At most one is open for a node, so a node is serial by construction. */
export type Work = {
  id: number
  node_uuid: string
  kind: WorkKind
  args: Record<string, unknown>
  /** Not before this time, ISO. */
  due_at: string
  attempts: number
  request_id: string | null
}
export type WorkKind = 'provision' | 'resume' | 'power' | 'fail'
export type NewWork = {
  kind: WorkKind
  args: Record<string, unknown>
  due_at?: Date
  request_id?: string | null
  purpose: string
}

export type HistoryEntry = {
  uuid: string
  node_uuid: string
  created_at: string
  severity: 'ERROR' | 'INFO'
  event_type: string
  event: string
  conductor: string | null
  user: string | null
  project: string | null
  state: string | null
  target_provision_state: string | null
  duration_seconds: number | null
}
export type NewHistory = Partial<HistoryEntry> & Pick<HistoryEntry, 'severity' | 'event_type' | 'event'>

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
/** An event before it has a number, a time and its node's name. */
export type NewEvent = DistributiveOmit<FerriteEvent, 'id' | 'at' | 'node_uuid' | 'node_name'>

/**
 * Who may make a change:
 * - `unlocked`: anybody, if nobody holds the node (Fault node_locked otherwise); atomically with the change.
 * - `fence`: the holder of this lock epoch (Fault lease_lost otherwise).
 * - `any`: facts beside the lock, such as a heartbeat's time.
 */
export type Guard = { unlocked: true } | { fence: number } | { any: true }

/** One transaction on a node: all of it happens, or nothing. */
export type Commit = {
  node_uuid: string
  guard: Guard
  /** Refuse with Fault conflict unless the node still has this revision. */
  revision?: number
  set?: NodeChanges
  /** Opens work and reserves the node for it. */
  open?: NewWork
  /** Ends the open work and frees the node. */
  close?: { work_id: number }
  /** Puts the held work back, due later; the node stays reserved unless `free`. */
  again?: { work_id: number; due_at: Date; args?: Record<string, unknown>; free?: boolean }
  history?: NewHistory[]
  events?: NewEvent[]
  /** Config drive (gzip+base64 or URL), stored outside of the node row; null deletes it. */
  configdrive?: Secret | null
}

export type Lease = { node: NodeRecord; fence: number; until: Date }
export type Claim = Lease & { work: Work }

export type NodeFilter = {
  uuid?: string[]
  name?: string
  associated?: boolean
  instance_uuid?: string
  chassis_uuid?: string
  maintenance?: boolean
  provision_state?: string
  driver?: string
  resource_class?: string
  fault?: string
  conductor_group?: string
  conductor?: string
  owner?: string
  lessee?: string
  project?: string
  /** Only what this project owns or has on lease. */
  visible_to?: string
  description_contains?: string
  retired?: boolean
  shard?: string[]
  sharded?: boolean
  parent_node?: string
  /** False hides nodes that have a parent. */
  include_children?: boolean
  instance_name?: string
  /** Nodes in one of these states (any of the set), for periodic jobs. */
  in_states?: string[]
}
export type Page = { limit?: number; marker?: string; sort_key?: string; sort_dir?: 'asc' | 'desc' }
export type PortFilter = {
  address?: string[]
  node_uuid?: string
  portgroup_uuid?: string
  description_contains?: string
  shard?: string[]
  conductor_groups?: string[]
  /** Only ports of nodes that this project owns or has on lease. */
  visible_to?: string
}

/** The only way to the database. Each call is one transaction. Secret values are sealed at rest by the implementation. */
export interface Store extends AsyncDisposable {
  /** What is wrong with the database: it does not answer, or the newest changes could not be put on the disk. */
  trouble(): Promise<string | undefined>

  createNode(
    node: Pick<NodeRecord, 'driver'> & NodeChanges & { uuid?: string },
    events: NewEvent[],
  ): Promise<NodeRecord>
  /** By uuid or name; undefined when there is none. */
  node(ident: string): Promise<NodeRecord | undefined>
  /** Fault not_found when the marker is unknown, invalid when the sort key is not sortable. */
  nodes(filter: NodeFilter, page?: Page): Promise<NodeRecord[]>
  countNodes(by: 'provision_state'): Promise<Record<string, number>>
  /** Fault node_locked when held. Ports, traits, history and config drive go with it. */
  deleteNode(uuid: string): Promise<void>
  commit(change: Commit): Promise<NodeRecord>
  /**
   * A node's agent has shown in boot `epoch` that it lives. Every reader sees it from now on; it reaches the disk with
   * others within seconds, without a revision.
   */
  touch(node_uuid: string, sign: { at: string; epoch: number }): Promise<void>
  configdrive(node_uuid: string): Promise<Secret | undefined>

  /** Takes the node's lock for a short synchronous operation. Fault node_locked naming holder and purpose. */
  lock(node_uuid: string, by: { owner: string; purpose: string; leaseMs: number }): Promise<Lease>
  /** Gives the lock back; a lost lease is not an error. Nobody waits for the disk: what a crash forgets ends with the lease. */
  unlock(node_uuid: string, fence: number): Promise<void>
  /** Due work whose node nobody holds a live lease on, oldest first; each claim takes the node's lock. */
  claim(by: { owner: string; leaseMs: number; limit: number }): Promise<Claim[]>
  /** Prolongs a lease. Fault lease_lost when another holds the node. */
  renew(node_uuid: string, fence: number, leaseMs: number): Promise<Date>
  /** At start-up of the only conductor on this store: leases of earlier lives of `owner` end now. */
  expireLeases(owner: string): Promise<number>
  openWork(node_uuid: string): Promise<Work | undefined>
  /** When the next open work is due. */
  nextDue(): Promise<Date | undefined>

  /** With `unlocked`: Fault node_locked when somebody works on the node. */
  createPort(
    port: Partial<PortRecord> & Pick<PortRecord, 'address' | 'node_uuid'>,
    guard?: { unlocked: true },
  ): Promise<PortRecord>
  port(ident: string): Promise<PortRecord | undefined>
  ports(filter: PortFilter, page?: Page): Promise<PortRecord[]>
  updatePort(uuid: string, set: Partial<PortRecord>): Promise<PortRecord>
  deletePort(uuid: string): Promise<void>

  /** Chassis, port groups, volumes, allocations, templates, runbooks, rules. */
  readonly resources: ResourceStore
  readonly allocations: AllocationStore
  readonly details: NodeDetails
  /** How many nodes each shard has; the name is null for nodes in none. */
  shards(): Promise<{ name: string | null; count: number }[]>

  history(node_uuid: string, page?: Page): Promise<HistoryEntry[]>
  historyEntry(node_uuid: string, uuid: string): Promise<HistoryEntry | undefined>

  /** Stored events after `id`, oldest first. */
  eventsAfter(id: number, limit: number): Promise<FerriteEvent[]>
  lastEventId(): Promise<number>
  /** Calls back after each commit that stored events. Returns a function that ends it. */
  onEvents(listener: (events: FerriteEvent[]) => void): () => void

  /** Facts of this conductor, as /v1/conductors and drivers show them. */
  registerConductor(facts: { hostname: string; conductor_group: string; drivers: string[] }): Promise<void>
  conductors(): Promise<
    { hostname: string; conductor_group: string; drivers: string[]; created_at: string; updated_at: string }[]
  >
}
