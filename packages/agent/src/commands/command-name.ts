import { agentCommands } from '@ferrite/shared/contracts/agent-commands'
import type { AgentCommandName } from '@ferrite/shared/contracts/agent-commands'
import { Fault } from '@ferrite/shared/fault'

const extensions = new Set(Object.keys(agentCommands).map((name) => name.split('.')[0]))

/** Fault invalid when it is not `<extension>.<name>`. What it returns finds the command: Fault not_found, invalid. */
export function commandNamed(name: string): () => AgentCommandName {
  const dot = name.indexOf('.')
  if (dot < 0) throw new Fault('invalid', 'Invalid command: Command name must be of the form <extension>.<name>')
  const extension = name.slice(0, dot)
  return () => {
    if (!extensions.has(extension)) {
      throw new Fault('not_found', `Not found: Extension with id ${extension} not found.`)
    }
    if (!Object.hasOwn(agentCommands, name)) {
      throw new Fault('invalid', `Invalid command: Unknown command: ${name.slice(dot + 1)}`)
    }
    return name as AgentCommandName
  }
}
