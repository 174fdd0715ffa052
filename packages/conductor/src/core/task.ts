import type { Logger } from 'pino'
import type { PortRecord } from '@ferrite/shared/contracts/ports'
import type { Command } from '@ferrite/shared/contracts/agent-api'
import type { AgentCommandName, ParamsInputOf, ResultOf } from '@ferrite/shared/contracts/agent-commands'
import type { Secret } from '@ferrite/shared/secret'
import type { NodeDetails } from '../store/resource-store.ts'
import type { Commit } from '../store/store.ts'
import type { Clock } from './clock.ts'
import type { Interfaces } from './interfaces.ts'
import type { NodeChanges, NodeRecord } from './node.ts'

/** The agent of one node, as the conductor talks to it (contract 2.6). */
export interface AgentClient {
  /** Oldest first. Fault agent_unreachable. */
  commands(): Promise<Command[]>
  /** Sends a command without waiting. Fault agent_busy on 409, agent_refused on other refusals. */
  start<C extends AgentCommandName>(name: C, params: ParamsInputOf<C>): Promise<Command>
  /** Sends a command and waits for its end. Fault agent_command_failed with the agent's own error. */
  run<C extends AgentCommandName>(name: C, params: ParamsInputOf<C>): Promise<ResultOf<C>>
}

/**
 * One conductor at work on one node, under its lock. `node` is always what the database holds.
 * Drivers are stateless: all they know is here.
 */
export interface Task {
  readonly node: NodeRecord
  readonly ports: readonly PortRecord[]
  readonly interfaces: Interfaces
  readonly agent: AgentClient
  readonly clock: Clock
  readonly log: Logger
  /** Aborted when the lease is lost, the process stops, or somebody asks for the end. */
  readonly signal: AbortSignal
  /**
   * Writes changes under the fence, together with anything else that belongs to the same fact.
   * `internal` is merged by its top-level keys into what the database holds (undefined removes one), so that facts that
   * others write beside the lock, such as a heartbeat's, are not lost.
   */
  save(set: NodeChanges, more?: Omit<Commit, 'node_uuid' | 'guard' | 'set'>): Promise<void>
  /** Runs an effect on the outside, only while the fence is ours: checked directly before. */
  effect<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>
  configdrive(): Promise<Secret | undefined>
  /** What the hardware said of itself: BIOS settings, firmware, inventory. */
  readonly details: NodeDetails
}
