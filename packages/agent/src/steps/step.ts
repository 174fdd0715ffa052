import type { z } from 'zod'
import type { StepInterface } from '@ferrite/shared/contracts/steps'
import type { SentNode } from '@ferrite/shared/contracts/agent-commands'
import type { CommandContext } from '../commands/command.ts'

export type StepKind = 'clean' | 'deploy' | 'service'

export type StepContext = CommandContext & { node: SentNode }

/** A step that this agent offers to conductors. */
export type InBandStep<Args extends z.ZodType = z.ZodType> = {
  step: string
  interface: StepInterface
  /** Where it is offered, and its default priority there; 0 is not run unless asked for. */
  priority: Partial<Record<StepKind, number>>
  abortable: boolean
  argsinfo?: Record<string, { description: string; required: boolean }>
  args: Args
  run(args: z.infer<Args>, context: StepContext): Promise<unknown>
}

/** Ties the arguments of `run` to its schema. */
export const defineStep = <Args extends z.ZodType>(step: InBandStep<Args>): InBandStep<Args> => step
