import type { NodeView } from '@ferrite/shared/contracts/nodes'
import type { StepInterface } from '@ferrite/shared/contracts/steps'

/** The kinds of flow a node can be in. One at a time. */
export type FlowKind = 'verify' | 'clean' | 'deploy' | 'delete' | 'inspect'

/** A step in a flow's durable list. `in_band` steps run on the agent, the others here. */
export type FlowStep = {
  interface: StepInterface
  step: string
  priority: number
  in_band: boolean
  abortable?: boolean
  args?: Record<string, unknown>
}

/** Where a flow stands. Written before each effect, so that a restart knows what may have happened. */
export type Flow = {
  kind: FlowKind
  steps: FlowStep[]
  /** Index of the step being done; -1 before the first. */
  index: number
  /** `started`: its effects may have happened. `waiting`: it waits for the agent. `finished`: go on with the next. */
  phase: 'started' | 'waiting' | 'finished'
  /** When the step being done began, ISO. */
  step_started_at: string | null
  started_at: string
  /** Wall-clock limit of the present wait, ISO. */
  deadline: string | null
  /** In-band steps have been fetched from this boot's agent. */
  agent_steps_known: boolean
  /** How often the present step was begun, over restarts. */
  attempt: number
  /** Power the machine should have when the verb was manual clean etc.; free for a flow's own facts. */
  abort_requested?: boolean
}

/** What the conductor knows of the agent that runs on the node in this boot epoch. The token is sealed by the store. */
export type AgentFacts = {
  token?: string
  /** The token was put on the boot medium; lookup never shows it. */
  token_pregenerated?: boolean
  /** Counts boots that we commanded; a token of an older epoch is worth nothing. */
  epoch: number
  /** When we last commanded a boot into the ramdisk, ISO. */
  booted_at?: string
  looked_up_from?: string
  url?: string
  version?: string
  verify_ca?: string
  last_heartbeat?: string
  /** The agent has shown that it is Ferrite's (it posts progress, honours the fence). */
  ferrite?: boolean
}

/** Facts with an owner each; `driverInternalInfo` renders them under the names that Ironic's clients know. */
export type NodeInternal = {
  agent?: AgentFacts
  flow?: Flow
  /** In-band steps as the agent offered them, by interface; versions to send back. */
  agent_steps?: { clean?: FlowStep[]; deploy?: FlowStep[]; versions: Record<string, string> }
  root_uuid_or_disk_id?: string | null
  is_whole_disk_image?: boolean
  /** Where the machine's ports are now. */
  network?: 'provisioning' | 'cleaning' | 'tenant' | null
  /** Unguessable names of boot media we serve for this epoch. */
  boot_media?: string[]
  /** What a deploy found out and must still hold at the end (digest, disk, bytes). */
  written?: { result: string; at: string }
  power_sync_failures?: number
  last_power_state_change?: string
}

/** A node as it is stored: what clients see, and what only conductors know. */
export type NodeRecord = Omit<NodeView, 'driver_internal_info' | 'allocation_uuid'> & {
  /** Row number: the default order of lists. */
  id: number
  allocation_uuid: string | null
  internal: NodeInternal
  /** Grows with every commit. */
  revision: number
  /** Grows each time the lock is taken: the fence. */
  lock_epoch: number
  /** Why the lock is held, for people. */
  reservation_purpose: string | null
  /** End of the holder's lease, ISO; null while reserved for work that nobody has claimed yet. */
  lock_until: string | null
}

/** What may be changed in a commit. */
export type NodeChanges = Partial<
  Omit<
    NodeRecord,
    'id' | 'uuid' | 'created_at' | 'revision' | 'lock_epoch' | 'lock_until' | 'reservation' | 'reservation_purpose'
  >
>
