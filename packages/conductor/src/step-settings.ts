import type { Config } from './config.ts'
import type { StepSettings } from './steps/settings.ts'

/** What the configuration means for steps. */
export const stepSettings = (config: Config, ramdiskUrl: () => string): StepSettings => ({
  ramdiskUrl: () => (config.ramdisk_endpoint ?? ramdiskUrl()).replace(/\/+$/, ''),
  powerOffPollMs: config.post_deploy_get_power_state_retry_interval * 1000,
  cleanPriorities: {
    erase_devices_metadata: config.erase_devices_metadata_priority,
    erase_devices: config.erase_devices_priority,
  },
  allowMd5: config.agent_md5_checksum,
})
