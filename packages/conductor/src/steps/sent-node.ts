import type { SentNode } from '@ferrite/shared/contracts/agent-commands'
import type { PortRecord } from '@ferrite/shared/contracts/ports'
import { maskedButUrls } from '@ferrite/shared/redact'
import { driverInternalInfo } from '../core/node-view.ts'
import type { NodeRecord } from '../core/node.ts'

// What the agent's erasing reads from driver_internal_info; Ironic's defaults.
const eraseSettings = {
  agent_erase_devices_iterations: 1,
  agent_erase_devices_zeroize: true,
  agent_continue_if_secure_erase_failed: false,
  agent_continue_if_ata_erase_failed: false,
  agent_enable_ata_secure_erase: true,
  agent_enable_nvme_secure_erase: true,
  agent_erase_skip_read_only: false,
  disk_erasure_concurrency: 4,
}

/** The node's whole record as conductors send it to agents: secrets masked, times without a zone. */
export function sentNode(node: NodeRecord): SentNode {
  const { internal: _internal, traits, lock_epoch: _epoch, lock_until: _until, ...record } = node
  return {
    ...naiveTimes(record),
    driver_info: maskedButUrls(node.driver_info),
    instance_info: maskedButUrls(node.instance_info),
    driver_internal_info: { ...eraseSettings, ...driverInternalInfo(node) },
    traits: { objects: traits.map((trait) => ({ node_id: node.id, trait })) },
    uuid: node.uuid,
    properties: node.properties,
  }
}

export const sentPorts = (ports: readonly PortRecord[]): { address: string }[] =>
  ports.map((port) => ({ ...naiveTimes(port), address: port.address }))

const naiveTimes = (record: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).map(([key, value]) => [
      key,
      key.endsWith('_at') && typeof value === 'string' ? value.replace(/(\+00:00|Z)$/, '') : value,
    ]),
  )
