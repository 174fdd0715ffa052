import type { BootDevice, NodeView, PowerState } from '@ferrite/shared/contracts/nodes'
import type { NetworkName, VirtualMedium } from './interfaces.ts'
import type { StepInterface } from '@ferrite/shared/contracts/steps'
import type { BootTrace } from './boot-trace.ts'
import type { CheckResult } from './interfaces.ts'

/** The kinds of flow a node can be in. One at a time. */
export type FlowKind =
  | 'verify'
  | 'clean'
  | 'deploy'
  | 'delete'
  | 'inspect'
  | 'adopt'
  | 'service'
  | 'rescue'
  | 'unrescue'

/** A step in a flow's durable list. `in_band` steps run on the agent, the others here. */
export type FlowStep = {
  interface: StepInterface
  step: string
  priority: number
  in_band: boolean
  abortable?: boolean
  args?: Record<string, unknown>
  /** Work of the flow itself, such as booting the ramdisk for cleaning: not shown among Ironic's steps. */
  internal?: true
  /** The machine must be rebooted into the ramdisk when the step is done. */
  reboot_requested?: boolean
  /** Arguments that the step takes, by name. */
  argsinfo?: Record<string, unknown> | null
}

/** Where a flow stands. Written before each effect, so that a restart knows what may have happened. */
export type Flow = {
  kind: FlowKind
  steps: FlowStep[]
  /** Index of the step being done; -1 before the first. */
  index: number
  /**
   * `started`: its effects may have happened. `waiting`: it waits for the agent. `held`: it waits for an operator.
   * `finished`: go on with the next.
   */
  phase: 'started' | 'waiting' | 'held' | 'finished'
  /** When the step being done began, ISO. */
  step_started_at: string | null
  started_at: string
  /** Wall-clock limit of the present wait, ISO. */
  deadline: string | null
  /** In-band steps have been fetched from this boot's agent. */
  agent_steps_known: boolean
  /** How often the present step was begun, over restarts. */
  attempt: number
  /** An abort was asked for while a step ran that must not be interrupted. */
  abort_requested?: boolean
  /** What the wait is for, in phase `waiting`. */
  waiting_for?: 'boot' | 'command' | 'heartbeat' | 'inspection' | 'hold'
  /** The flow has failed with this text; what is left is cleaning up behind it. Written before the clean-up starts. */
  failing?: { last_error: string; step_failed: boolean; aborted?: boolean }
  /** Steps that the operator ordered, to be merged with those of the driver and the agent. */
  user_steps?: FlowStep[]
  /** The operator wants no ramdisk to be booted for the steps. */
  no_ramdisk?: boolean
  /** The machine was booted into the ramdisk by this flow, and is to have one after a reboot. */
  ramdisk?: boolean | undefined
  /** Nothing is done but to bring the instance back, after a service that failed. */
  restores?: boolean
  /** The inspection's data has come and is kept with the node. */
  inspected?: boolean
  /** How often the agent's steps were asked for anew, because its hardware managers had changed. */
  replans?: number
  /** Facts that `active` rests on. */
  confirmed?: { boot_device?: string; power?: string }
}

/** What the conductor knows of the agent that runs on the node in this boot epoch. The token is sealed by the store. */
export type AgentFacts = {
  token?: string
  /** The token was put on the boot medium; lookup never shows it. */
  token_pregenerated?: boolean
  /** Counts boots that we commanded; a token of an older epoch is worth nothing. */
  epoch: number
  /** When we last commanded a boot into the ramdisk, ISO; undefined while that boot is still being prepared. */
  booted_at?: string
  looked_up_from?: string
  url?: string
  version?: string
  verify_ca?: string
  last_heartbeat?: string
  /** The agent has shown that it is Ferrite's (it posts progress, honours the fence). */
  ferrite?: boolean
  /** Another address that looked itself up while the token was out. */
  contended_by?: string
}

/** A kernel or a ramdisk that we serve: its sha256 names it in the cache. */
export type BootFile = { digest: string; size: number }

/** A network boot that has been prepared: what is served for it, by name. */
export type NetworkBoot = { epoch: number; loader: 'ipxe' | 'pxe'; files: Readonly<Record<string, BootFile>> }

/** Facts with an owner each; `driverInternalInfo` renders them under the names that Ironic's clients know. */
export type NodeInternal = {
  agent?: AgentFacts | undefined
  flow?: Flow | undefined
  /** In-band steps as the agent offered them, by interface; versions to send back. */
  agent_steps?:
    | { clean?: FlowStep[]; deploy?: FlowStep[]; service?: FlowStep[]; versions: Record<string, string> }
    | undefined
  root_uuid_or_disk_id?: string | null | undefined
  is_whole_disk_image?: boolean | undefined
  deploy_boot_mode?: 'bios' | 'uefi' | undefined
  /** Where the machine's ports are now. */
  network?: NetworkName | null | undefined
  /** What this machine gets when it boots from the network; undefined sends it to its disk. */
  netboot?: NetworkBoot | undefined
  /** What was seen of the last boots that we commanded, newest last. */
  boots?: BootTrace[] | undefined
  /** The name that ties a machine's DHCP options to its hosts in dnsmasq. */
  dnsmasq_tag?: string | undefined
  /** The newest check of all that a boot needs. */
  check?: { at: string; results: CheckResult[] } | undefined
  /** Unguessable names of boot media we serve for this epoch. */
  boot_media?: string[] | undefined
  /** What a deploy found out and must still hold at the end (digest, disk, bytes). */
  written?: { result: string; at: string } | undefined
  /** The machine is told at every power-on to boot from this: its BMC keeps a boot device for one boot only. */
  each_boot_device?: BootDevice | undefined
  power_sync_failures?: number | undefined
  /** What `fake` power and management remember. */
  fake?:
    | {
        power?: PowerState
        boot_device?: BootDevice
        persistent?: boolean
        indicators?: Record<string, string>
        media?: VirtualMedium[]
      }
    | undefined
  last_power_state_change?: string | undefined
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
