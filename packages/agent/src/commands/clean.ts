import { offeredSteps, runStep } from '../steps/run-step.ts'
import { managerVersions } from '../steps/table.ts'
import type { Run } from './command.ts'

export const getCleanSteps: Run<'clean.get_clean_steps'> = async ({ node }, { memory }) => {
  memory.node = node
  return { clean_steps: offeredSteps('clean'), hardware_manager_version: managerVersions }
}

/** The conductor knows its step again by the echo. */
export const executeCleanStep: Run<'clean.execute_clean_step'> = async (params, context) => {
  const { step, node, clean_version: version } = params
  return { clean_result: await runStep({ kind: 'clean', step, node, version }, context), clean_step: step }
}
