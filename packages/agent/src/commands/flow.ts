import { Fault } from '@ferrite/shared/fault'
import type { Run } from './command.ts'

/** Commands in order, as one: the first that fails ends it. */
export const startFlow: Run<'flow.start_flow'> = async ({ flow }, context) => {
  for (const part of flow) {
    const entries = Object.entries(part)
    const [only] = entries
    if (!only || entries.length !== 1) throw new Fault('invalid', 'each part of a flow is one command with its params')
    const [name, params] = only
    await context.execute(name, params)
  }
  return null
}
