import type { PortRecord } from '@ferrite/shared/contracts/ports'
import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'

const connectivity = ['portgroup_uuid', 'pxe_enabled', 'local_link_connection', 'physical_network']
const rewirable = ['enroll', 'inspecting', 'inspect wait', 'manageable']

/** The tenant's virtual interface on this port or port group, if one is attached. */
export const attachedVif = (port: Pick<PortRecord, 'internal_info' | 'extra'>): string | undefined => {
  const vif = port.internal_info['tenant_vif_port_id'] ?? port.extra['vif_port_id']
  return typeof vif === 'string' ? vif : undefined
}

/** What a port, and the state of its node, forbid to change. Without `node` only the port itself is looked at. */
export function checkPortChange(port: PortRecord, set: Readonly<Record<string, unknown>>, node?: NodeRecord): void {
  checkShape({ ...port, ...set }, set)
  if (!node) return
  if ('address' in set && (node.provision_state === 'active' || node.instance_uuid) && !node.maintenance) {
    throw new Fault(
      'invalid_state',
      `Cannot update hardware address for port ${port.uuid} as node ${node.uuid} is active or has instance UUID assigned`,
    )
  }
  if (node.provision_state === 'inspecting') {
    throw new Fault(
      'invalid_state',
      `Cannot update port "${port.uuid}" on "${node.uuid}" while it is in state "inspecting".`,
    )
  }
  const wired = connectivity.some((name) => name in set)
  if (wired && !node.maintenance && !rewirable.includes(node.provision_state)) {
    throw new Fault(
      'invalid_state',
      `Port ${port.uuid} can not have any connectivity attributes (${connectivity.join(', ')}) updated unless node ${node.uuid} is in a ${rewirable.join(', ')} state or in maintenance mode. The current state is ${node.provision_state}.`,
    )
  }
}

function checkShape(port: PortRecord, set: Readonly<Record<string, unknown>>): void {
  if (set['physical_network'] === '') {
    throw new Fault('invalid', 'A non-empty value is required when setting physical_network')
  }
  if ('local_link_connection' in set) checkLocalLink(port.local_link_connection)
  const link = port.local_link_connection
  if (port.is_smartnic && !(link.port_id && link.hostname)) {
    throw new Fault('invalid', 'Smart NIC port must have port_id and hostname in local_link_connection')
  }
}

const linkKeys = new Set(['port_id', 'switch_id', 'switch_info', 'hostname', 'network_type'])
const macOrDatapath = /^([0-9a-f]{2}(:[0-9a-f]{2}){5}|[0-9a-f]{16})$/i

/** Empty, {port_id, switch_id}, {port_id, hostname} or an unmanaged network. */
function checkLocalLink(link: PortRecord['local_link_connection']): void {
  const keys = Object.keys(link)
  if (keys.length === 0) return
  const foreign = keys.find((key) => !linkKeys.has(key) && !key.startsWith('vtep-'))
  if (foreign !== undefined) {
    throw bad(`Additional properties are not allowed ('${foreign.slice(0, 64)}' was unexpected)`)
  }
  if (link.switch_id !== undefined && !macOrDatapath.test(link.switch_id)) {
    throw bad('switch_id must be a MAC address or an OpenFlow datapath id')
  }
  if (link.network_type === 'unmanaged') return
  if (link.port_id && (link.switch_id || link.hostname)) return
  throw bad("'port_id' and 'switch_id' (or 'hostname', for a smart NIC) are required")
}

const bad = (reason: string): Fault => new Fault('invalid', `Schema error for local_link_connection: ${reason}`)
