import type { Run } from './command.ts'

/** The answer to this is the last thing the agent says. */
export const lockdown: Run<'system.lockdown'> = async (_params, { lockDown }) => {
  lockDown()
  return null
}
