/** What real agents offered, recorded on the wire: ironic-python-agent 12 (2026), and that of 2023.1 with a second hardware manager. */
const generic = (step: string, priority: number, more: object = {}) => ({
  step,
  priority,
  interface: 'deploy',
  reboot_requested: false,
  abortable: true,
  ...more,
})
const plain = (step: string, priority: number, more: object = {}) => ({
  step,
  interface: 'deploy',
  priority,
  reboot_requested: false,
  ...more,
})

const matchPatterns = {
  description: 'Json blob contains a list of regex patterns where any UEFI NVRAM entry matching that will be deleted.',
  required: false,
}
const burnIn = ['cpu', 'gpu', 'disk', 'memory', 'network'].map((what) => generic(`burnin_${what}`, 0))

export const cleanSteps = {
  clean_steps: {
    ProliantHardwareManager: [
      plain('create_configuration', 0, { interface: 'raid' }),
      plain('delete_configuration', 0, { interface: 'raid' }),
      plain('erase_devices', 0),
      plain('update_firmware_sum', 0, { interface: 'management' }),
    ],
    GenericHardwareManager: [
      generic('erase_devices_metadata', 99),
      generic('erase_devices_express', 0),
      generic('erase_pstore', 0),
      generic('clean_uefi_nvram', 0, { argsinfo: { match_patterns: matchPatterns } }),
      ...burnIn,
    ],
  },
  hardware_manager_version: { generic_hardware_manager: '1.2' },
}

export const deploySteps = {
  deploy_steps: {
    ProliantHardwareManager: [
      plain('apply_configuration', 0, {
        interface: 'raid',
        argsinfo: { raid_config: { description: 'The RAID configuration to apply.', required: true } },
      }),
      plain('flash_firmware_sum', 0, {
        interface: 'management',
        argsinfo: { url: { description: 'The image location for SPP ISO.', required: true } },
      }),
    ],
    GenericHardwareManager: [
      plain('erase_devices_metadata', 0),
      plain('write_image', 0),
      plain('inject_files', 0, {
        argsinfo: { verify_ca: { description: 'Whether to verify TLS certificates.', required: false } },
      }),
    ],
  },
  hardware_manager_version: { generic_hardware_manager: '1.1' },
}
