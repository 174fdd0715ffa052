import type { DeployInterface } from '../../core/interfaces.ts'
import type { Step } from '../../core/step.ts'
import { behave, fakeInterface } from './behaviour.ts'

const deploy: Step = {
  interface: 'deploy',
  step: 'deploy',
  priority: 100,
  async run(task) {
    await behave(task, 'deploy')
    return { done: true }
  },
}

/** Deploys, cleans and services without a machine: at once, or as slowly as the node asks for. */
export const fakeDeploy: DeployInterface = {
  ...fakeInterface('deploy'),
  deploySteps: [deploy],
  cleanSteps: [],
  serviceSteps: [],
}
