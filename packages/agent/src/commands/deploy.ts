import { offeredSteps, runStep } from '../steps/run-step.ts'
import { managerVersions } from '../steps/table.ts'
import type { Run } from './command.ts'

export const getDeploySteps: Run<'deploy.get_deploy_steps'> = async ({ node }, { memory }) => {
  memory.node = node
  return { deploy_steps: offeredSteps('deploy'), hardware_manager_version: managerVersions }
}

/** The conductor knows its step again by the echo. */
export const executeDeployStep: Run<'deploy.execute_deploy_step'> = async (params, context) => {
  const { step, node, deploy_version: version } = params
  return { deploy_result: await runStep({ kind: 'deploy', step, node, version }, context), deploy_step: step }
}
