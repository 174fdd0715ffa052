import type { DeployInterface } from '../../core/interfaces.ts'
import { bootForSteps } from '../../steps/boot-for-steps.ts'
import { tearDownCleaning } from '../../steps/clean/tear-down-cleaning.ts'
import { bootAgent } from '../../steps/deploy/boot-agent.ts'
import { bootInstance } from '../../steps/deploy/boot-instance.ts'
import { prepareCustomBoot } from '../../steps/deploy/prepare-instance-boot.ts'
import { switchToTenantNetwork } from '../../steps/deploy/switch-to-tenant-network.ts'
import { tearDownAgent } from '../../steps/deploy/tear-down-agent.ts'
import { tearDownService } from '../../steps/service/tear-down-service.ts'
import type { StepSettings } from '../../steps/settings.ts'

/** What comes onto the disk is the matter of steps that the agent offers and the operator orders: no image is written. */
export const customAgent = (settings: StepSettings): DeployInterface => ({
  name: 'custom-agent',
  driverInfo: {},
  deploySteps: [bootAgent(settings), prepareCustomBoot, tearDownAgent(settings), switchToTenantNetwork, bootInstance],
  cleanSteps: [bootForSteps('clean', settings), tearDownCleaning],
  serviceSteps: [bootForSteps('service', settings), tearDownService],
  validate: (task) => task.interfaces.boot.validate(task),
})
