import { z } from 'zod'

/** The wire text for changed hardware managers; used by clean, deploy and service steps alike (contract 2.2). */
export const versionMismatch = 'CLEAN_VERSION_MISMATCH'
export const commandStatus = z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', versionMismatch, 'VERSION_MISMATCH'])
export type CommandStatus = z.infer<typeof commandStatus>

export const commandError = z.looseObject({
  type: z.string(),
  code: z.int(),
  message: z.string(),
  details: z.string(),
})
export type CommandError = z.infer<typeof commandError>

/** A command as the agent shows it: exactly five keys, `command_name` without its extension (contract 2.2). */
export const command = z.looseObject({
  id: z.string(),
  command_name: z.string(),
  command_status: commandStatus,
  // Old agents put plain text here.
  command_error: z.union([commandError, z.looseObject({}), z.string()]).nullable(),
  command_result: z.unknown(),
})
export type Command = z.infer<typeof command>
export const commandList = z.looseObject({ commands: z.array(command) })

/** POST /v1/commands/ (contract 2.3). */
export const commandRequest = z.looseObject({ name: z.string(), params: z.record(z.string(), z.unknown()) })
export type CommandRequest = z.infer<typeof commandRequest>

/** Every error answer of an agent: `faultstring` is always a string (contract 2.4). */
export const agentFault = z.looseObject({ faultcode: z.string(), faultstring: z.string() })
export type AgentFault = z.infer<typeof agentFault>

/** HTTP headers a Ferrite conductor adds to agent commands; IPA ignores headers it does not know. */
export const fenceHeader = 'x-ferrite-fence'
export const idempotencyHeader = 'x-request-id'
