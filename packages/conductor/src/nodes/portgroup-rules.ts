import type { PortRecord } from '@ferrite/shared/contracts/ports'
import { Fault } from '@ferrite/shared/fault'
import type { Store } from '../store/store.ts'

const shared = ['portgroup_uuid', 'pxe_enabled', 'physical_network']

/** A port and the group that it is in belong to one node, one network and agree on who boots. Fault invalid or conflict. */
export async function checkPortgroup(
  store: Store,
  port: PortRecord,
  set: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (port.portgroup_uuid === null || !shared.some((name) => name in set)) return
  const group = await store.resources.find('portgroups', port.portgroup_uuid)
  if (!group) throw new Fault('invalid', `Portgroup ${port.portgroup_uuid} could not be found.`)
  if (group.node_uuid !== port.node_uuid) {
    throw new Fault(
      'invalid',
      `Port ${port.uuid ?? port.address} and portgroup ${group.uuid} belong to different nodes.`,
    )
  }
  if (!group.standalone_ports_supported && port.pxe_enabled && set['pxe_enabled'] === true) {
    throw new Fault(
      'conflict',
      `Port cannot have pxe_enabled set to True: portgroup ${group.uuid} does not support standalone ports.`,
    )
  }
  const others = (await store.ports({ portgroup_uuid: group.uuid })).filter(({ uuid }) => uuid !== port.uuid)
  const foreign = others.find(({ physical_network }) => physical_network !== port.physical_network)
  if (foreign) {
    throw new Fault(
      'conflict',
      `Port group ${group.uuid} has member ports with inconsistent physical networks (${[foreign, port].map(({ physical_network }) => physical_network ?? 'None').join(', ')}). All ports in a port group must have the same physical network.`,
    )
  }
}
