/**
 * What a real Ironic 21.4.4 (redfish, virtual media, direct deploy) said to our agent in one deployment and the cleaning
 * after it, recorded on the wire. Times and what is secret are replaced; nothing else is left out.
 */
export const uuid = '804dd195-c647-4066-b559-7cd025fdc8f2'
export const mac = '52:54:00:77:00:01'

/** Its lookup: the token is masked, because it came with the virtual medium; there is no word of MD5, TLS or the format gpt. */
export const lookup = {
  node: {
    uuid,
    properties: { cpu_arch: 'x86_64', capabilities: 'boot_mode:uefi', vendor: 'Ferrite Lab' },
    instance_info: { image_url: '******', configdrive: '******' },
    driver_internal_info: { agent_secret_token: '******', agent_secret_token_pregenerated: '******' },
    links: [{ href: `http://127.0.0.1:6385/v1/nodes/${uuid}`, rel: 'self' }],
  },
  config: {
    metrics: {
      backend: 'noop',
      prepend_host: false,
      prepend_uuid: false,
      prepend_host_reverse: true,
      global_prefix: null,
    },
    metrics_statsd: { statsd_host: 'localhost', statsd_port: 8125 },
    heartbeat_timeout: 300,
    agent_token: '******',
    agent_token_required: true,
    disable_deep_image_inspection: false,
    permitted_image_formats: ['raw', 'qcow2', 'iso'],
    enable_bios_bootloader_install: true,
  },
}

const driverInternalInfo = {
  clean_steps: null,
  agent_erase_devices_iterations: 1,
  agent_erase_devices_zeroize: true,
  agent_continue_if_secure_erase_failed: false,
  agent_continue_if_ata_erase_failed: false,
  agent_enable_nvme_secure_erase: true,
  agent_enable_ata_secure_erase: true,
  disk_erasure_concurrency: 4,
  agent_erase_skip_read_only: false,
  last_power_state_change: '2026-11-30T19:01:19.012997',
  agent_version: '0.1.0',
  agent_last_heartbeat: '2026-11-30T19:01:24.893267',
  hardware_manager_version: { generic_hardware_manager: '1.2' },
  is_whole_disk_image: true,
  agent_secret_token: '******',
  agent_secret_token_pregenerated: '******',
  deploy_step_index: 1,
  agent_url: 'http://127.77.0.1:9999',
  steps_validated: true,
}

/** The node's whole record; the image's facts are those of the test. */
const node = (instance_info: object) => ({
  id: 1,
  uuid,
  name: 'n1',
  chassis_id: null,
  instance_uuid: null,
  driver: 'redfish',
  driver_info: { redfish_address: 'http://127.0.0.1:40275', redfish_username: 'admin', redfish_password: '******' },
  driver_internal_info: driverInternalInfo,
  properties: { cpu_arch: 'x86_64', capabilities: 'boot_mode:uefi', vendor: 'Ferrite Lab' },
  instance_info,
  clean_step: {},
  deploy_step: { step: 'write_image', priority: 80, argsinfo: null, interface: 'deploy' },
  raid_config: {},
  target_raid_config: {},
  reservation: 'localhost',
  conductor_affinity: 1,
  conductor_group: '',
  power_state: 'power on',
  target_power_state: null,
  provision_state: 'deploying',
  provision_updated_at: '2026-11-30T19:01:24.950414',
  target_provision_state: 'active',
  maintenance: false,
  last_error: null,
  extra: {},
  traits: { objects: [] },
  network_data: {},
  boot_mode: 'uefi',
  secure_boot: null,
  created_at: '2026-11-30T19:00:46.046081',
  updated_at: '2026-11-30T19:01:24.988207',
})

const ports = [
  {
    id: 1,
    uuid: 'ffd34e4a-d24c-41a4-998b-d79886ab86fb',
    node_id: 1,
    node_uuid: uuid,
    address: mac,
    extra: {},
    local_link_connection: {},
    portgroup_id: null,
    pxe_enabled: true,
    internal_info: {},
    physical_network: null,
    is_smartnic: false,
    name: null,
    created_at: '2026-11-30T19:00:46.697553',
    updated_at: null,
  },
]

const versions = { generic_hardware_manager: '1.2' }
const eraseMetadata = {
  step: 'erase_devices_metadata',
  priority: 99,
  interface: 'deploy',
  reboot_requested: false,
  abortable: true,
  requires_ramdisk: true,
}

export type Sent = { wait: boolean; name: string; params: object }

/** The commands of a deployment, in their order; between them it reads the list of commands, without a token. */
export function deployCommands(image: { url: string; sha256: string; configdrive: string }): Sent[] {
  const facts = { image_source: image.url, image_disk_format: 'raw', image_type: 'whole-disk', image_url: image.url }
  const drive = { meta_data: { hostname: 'n1', uuid, name: 'n1' }, user_data: '#cloud-config\n' }
  const image_info = {
    id: 'disk.raw',
    urls: [image.url],
    disk_format: 'raw',
    container_format: null,
    stream_raw_images: true,
    os_hash_algo: 'sha256',
    os_hash_value: image.sha256,
    node_uuid: uuid,
    configdrive: image.configdrive,
  }
  const step = { interface: 'deploy', step: 'write_image', args: { image_info, configdrive: image.configdrive } }
  const whole = node({ ...facts, configdrive: drive })
  const boot = { efi_system_part_uuid: null, prep_boot_part_uuid: null, target_boot_mode: 'uefi' }
  return [
    {
      wait: true,
      name: 'deploy.get_deploy_steps',
      params: { node: node({ ...facts, configdrive: '******' }), ports },
    },
    {
      wait: false,
      name: 'deploy.execute_deploy_step',
      params: { step, node: whole, ports, deploy_version: versions },
    },
    { wait: true, name: 'standby.get_partition_uuids', params: {} },
    { wait: false, name: 'image.install_bootloader', params: { root_uuid: '0x00000000', ...boot } },
    { wait: true, name: 'log.collect_system_logs', params: {} },
    { wait: false, name: 'standby.power_off', params: {} },
  ]
}

/** The commands of automated cleaning. */
export const cleanCommands: Sent[] = [
  { wait: true, name: 'clean.get_clean_steps', params: { node: node({}), ports } },
  {
    wait: false,
    name: 'clean.execute_clean_step',
    params: { step: eraseMetadata, node: node({}), ports, clean_version: versions },
  },
  { wait: true, name: 'log.collect_system_logs', params: {} },
]
