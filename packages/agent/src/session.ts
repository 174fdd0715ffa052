import type { LookupConfig } from '@ferrite/shared/contracts/callback'
import type { Secret } from '@ferrite/shared/secret'
import type { AgentMemory } from './commands/command.ts'

/** Who this agent is during this boot. Absent parts: standalone, nobody was asked. */
export type Session = {
  token: Secret | undefined
  nodeUuid: string | undefined
  lookup: LookupConfig | undefined
  memory: AgentMemory
  /** A command ended, or we just came up, and nobody has looked since. */
  isUnseen: boolean
}
