import type { Logger } from 'pino'
import type { Progress } from '@ferrite/shared/contracts/callback'
import type { AgentCommandName, ParamsOf, ResultOf, SentNode } from '@ferrite/shared/contracts/agent-commands'
import type { PartitionUuids } from '@ferrite/shared/contracts/agent-commands'
import type { LookupConfig } from '@ferrite/shared/contracts/callback'
import type { Hardware } from '../hardware/hardware.ts'

/** What a command works with. `memory` is what the agent remembers between commands. */
export type CommandContext = {
  hardware: Hardware
  log: Logger
  signal: AbortSignal
  onProgress: (progress: Progress) => void
  lookup: () => LookupConfig | undefined
  memory: AgentMemory
}

export type AgentMemory = {
  /** The node as the conductor sent it last. */
  node?: SentNode
  partitionUuids?: PartitionUuids
}

export type Run<C extends AgentCommandName> = (params: ParamsOf<C>, context: CommandContext) => Promise<ResultOf<C>>

/** Every command has its function: a name of the contract without one does not compile. */
export type CommandTable = { [C in AgentCommandName]: Run<C> }
