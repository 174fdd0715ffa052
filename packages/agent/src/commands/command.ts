import type { Logger } from 'pino'
import type { Progress } from '@ferrite/shared/contracts/callback'
import type { AgentCommandName, ParamsOf, ResultOf, SentNode } from '@ferrite/shared/contracts/agent-commands'
import type { PartitionUuids } from '@ferrite/shared/contracts/agent-commands'
import type { LookupConfig } from '@ferrite/shared/contracts/callback'
import type { Hardware } from '../hardware/hardware.ts'
import type { WriteLimits } from '../image/request.ts'

/** What a command works with. `memory` is what the agent remembers between commands. */
export type CommandContext = {
  hardware: Hardware
  log: Logger
  signal: AbortSignal
  onProgress: (progress: Progress) => void
  lookup: () => LookupConfig | undefined
  memory: AgentMemory
  settings: CommandSettings
  /** Runs another command as part of this one. */
  execute: (name: string, params: unknown) => Promise<unknown>
  /** The agent stops serving, for good, once the running requests are answered. */
  lockDown: () => void
  /** The agent stops serving in the same way, and leaves the machine's network alone. */
  retire: () => void
}

export type AgentMemory = {
  /** The node as the conductor sent it last. */
  node?: SentNode
  partitionUuids?: PartitionUuids
}

/** What the operator set for this boot. */
export type CommandSettings = {
  ignoreBootloaderFailure: boolean
  ntpServer?: string | undefined
  /** Image servers' certificates are not verified. */
  insecure: boolean
  /** PEM certificates to trust beside the system's. */
  ca?: string | undefined
  /** What the operator set of the limits of a write. */
  limits: Partial<WriteLimits>
}

export type Run<C extends AgentCommandName> = (params: ParamsOf<C>, context: CommandContext) => Promise<ResultOf<C>>

/** Every command has its function: a name of the contract without one does not compile. */
export type CommandTable = { [C in AgentCommandName]: Run<C> }
