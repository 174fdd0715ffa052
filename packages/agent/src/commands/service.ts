import { offeredSteps, runStep } from '../steps/run-step.ts'
import { managerVersions } from '../steps/table.ts'
import type { Run } from './command.ts'

export const getServiceSteps: Run<'service.get_service_steps'> = async ({ node }, { memory }) => {
  memory.node = node
  return { service_steps: offeredSteps('service'), hardware_manager_version: managerVersions }
}

/** The conductor knows its step again by the echo. */
export const executeServiceStep: Run<'service.execute_service_step'> = async (params, context) => {
  const { step, node, service_version: version } = params
  return { service_result: await runStep({ kind: 'service', step, node, version }, context), service_step: step }
}
