import type { z } from 'zod'
import { agentCommands } from '@ferrite/shared/contracts/agent-commands'
import type { AgentCommandName } from '@ferrite/shared/contracts/agent-commands'
import type { LookupConfig } from '@ferrite/shared/contracts/callback'
import { Fault } from '@ferrite/shared/fault'
import { assertVerifiable } from './verifiable.ts'

/**
 * The parameters of a command, when called: IPA refuses a wrong image at once (Fault invalid, here), but counts every other
 * wrong argument as a failure of the command (Fault wrong_arguments or bug, from what it returns).
 */
export function checkedParams(name: AgentCommandName, given: unknown, lookup: LookupConfig | undefined): () => unknown {
  const parsed = agentCommands[name].params.safeParse(given)
  if (name === 'standby.prepare_image') {
    const wrong = parsed.error?.issues.filter(({ path }) => path[0] === 'image_info') ?? []
    const issue = wrong.find(({ path }) => path.length > 1) ?? wrong[0]
    if (issue) throw new Fault('invalid', `Invalid command parameters: ${imageProblem(issue)}`)
    if (parsed.success) {
      assertVerifiable((parsed.data as { image_info: Parameters<typeof assertVerifiable>[0] }).image_info, lookup)
    }
  }
  return () => {
    if (parsed.success) return parsed.data
    throw malformedStep(name, given) ?? wrongArguments(name, parsed.error)
  }
}

/** IPA's words where it has some; it looks for fields even in what is no object. */
function imageProblem({ path, code, message }: z.core.$ZodIssue): string {
  if (path.length === 1 && code !== 'custom') return "Image is missing 'id' field."
  return message.startsWith('Image ') ? message : `${path.join('.')}: ${message}`
}

function malformedStep(name: string, given: unknown): Fault | undefined {
  const step = (given as { step?: unknown } | null)?.step
  if (!name.includes('.execute_') || typeof step !== 'object' || step === null || 'step' in step) return undefined
  const kind = name.split('.')[0]
  return new Fault('agent_command_failed', `Malformed ${kind}_step, no "step" key: ${JSON.stringify(step)}`)
}

function wrongArguments(name: string, error: z.ZodError): Fault {
  const said = error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
  return new Fault('wrong_arguments', `${name}() got wrong arguments: ${said.join('; ')}`)
}
