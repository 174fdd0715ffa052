import { executeCleanStep, getCleanSteps } from './clean.ts'
import type { CommandTable } from './command.ts'
import { executeDeployStep, getDeploySteps } from './deploy.ts'
import { startFlow } from './flow.ts'
import { installBootloader } from './image.ts'
import { collectSystemLogs } from './log.ts'
import { getHardwareInfo, setNodeInfo } from './poll.ts'
import { getPartitionUuids, powerOff, prepareImage, runImage, sync } from './standby.ts'
import { finalizeRescue } from './rescue.ts'
import { executeServiceStep, getServiceSteps } from './service.ts'
import { lockdown } from './system.ts'

/** Every command this agent answers. */
export const commands: CommandTable = {
  'standby.prepare_image': prepareImage,
  'standby.sync': sync,
  'standby.power_off': powerOff,
  'standby.run_image': runImage,
  'standby.get_partition_uuids': getPartitionUuids,
  'deploy.get_deploy_steps': getDeploySteps,
  'deploy.execute_deploy_step': executeDeployStep,
  'clean.get_clean_steps': getCleanSteps,
  'clean.execute_clean_step': executeCleanStep,
  'service.get_service_steps': getServiceSteps,
  'service.execute_service_step': executeServiceStep,
  'rescue.finalize_rescue': finalizeRescue,
  'image.install_bootloader': installBootloader,
  'log.collect_system_logs': collectSystemLogs,
  'poll.get_hardware_info': getHardwareInfo,
  'poll.set_node_info': setNodeInfo,
  'flow.start_flow': startFlow,
  'system.lockdown': lockdown,
}
