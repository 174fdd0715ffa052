import type { NodeRecord } from '@ferrite/conductor/core/node'

/** An available node of fake hardware whose image is deployed by an agent. */
export const diskNode = (image_source: string): Partial<NodeRecord> & Pick<NodeRecord, 'driver'> => ({
  driver: 'fake-hardware',
  provision_state: 'available',
  power_interface: 'fake',
  management_interface: 'fake',
  boot_interface: 'fake',
  deploy_interface: 'direct',
  network_interface: 'noop',
  storage_interface: 'noop',
  inspect_interface: 'no-inspect',
  rescue_interface: 'no-rescue',
  instance_info: {
    image_source,
    image_disk_format: 'raw',
    image_os_hash_algo: 'sha256',
    image_os_hash_value: 'a'.repeat(64),
  },
})
