import type { Config } from './config.ts'
import type { InspectionSettings } from './core/findings.ts'
import type { StepSettings } from './steps/settings.ts'

/** What the configuration means for steps. */
export const stepSettings = (config: Config, ramdiskUrl: () => string): StepSettings => ({
  ramdiskUrl: () => (config.ramdisk_endpoint ?? ramdiskUrl()).replace(/\/+$/, ''),
  powerOffPollMs: config.post_deploy_get_power_state_retry_interval * 1000,
  cleanPriorities: {
    erase_devices_metadata: config.erase_devices_metadata_priority,
    erase_devices: config.erase_devices_priority,
  },
  longestWaitMs: config.max_conductor_wait_step_seconds * 1000,
  allowMd5: config.agent_md5_checksum,
})

export const inspectionSettings = (config: Config): InspectionSettings => ({
  hooks: config.inspection_hooks,
  collectors: config.inspection_collectors,
  powerOff: config.inspection_power_off,
  addPorts: config.inspection_add_ports,
  keepPorts: config.inspection_keep_ports,
  updatePxeEnabled: config.inspection_update_pxe_enabled,
})
