import { rootDeviceHints } from '@ferrite/shared/contracts/root-device'
import type { DeployInterface } from '../../core/interfaces.ts'
import { bootForSteps } from '../../steps/boot-for-steps.ts'
import { tearDownCleaning } from '../../steps/clean/tear-down-cleaning.ts'
import { bootAgent } from '../../steps/deploy/boot-agent.ts'
import { bootInstance } from '../../steps/deploy/boot-instance.ts'
import { prepareInstanceBoot } from '../../steps/deploy/prepare-instance-boot.ts'
import { switchToTenantNetwork } from '../../steps/deploy/switch-to-tenant-network.ts'
import { tearDownAgent } from '../../steps/deploy/tear-down-agent.ts'
import { writeImage } from '../../steps/deploy/write-image.ts'
import { tearDownService } from '../../steps/service/tear-down-service.ts'
import type { StepSettings } from '../../steps/settings.ts'
import { checkImage, type ImageChecks } from './check-image.ts'

/** The agent pulls the image itself. This list is the whole deploy, in the order it happens. */
export const direct = (settings: StepSettings, checks: ImageChecks): DeployInterface => ({
  name: 'direct',
  driverInfo: {},
  deploySteps: [
    bootAgent(settings),
    writeImage,
    prepareInstanceBoot,
    tearDownAgent(settings),
    switchToTenantNetwork,
    bootInstance,
  ],
  cleanSteps: [bootForSteps('clean', settings), tearDownCleaning],
  serviceSteps: [bootForSteps('service', settings), tearDownService],
  async validate(task) {
    await task.interfaces.boot.validate(task)
    rootDeviceHints(task.node)
    await checkImage(task, checks)
  },
})
