import { portgroupFields, type PortgroupRecord } from '@ferrite/shared/contracts/portgroups'
import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import { attachedVif } from '../nodes/port-rules.ts'
import { resource, type ResourceContext } from './resource.ts'

const rewirable = ['enroll', 'inspecting', 'inspect wait', 'manageable']

export const portgroups = resource({
  kind: 'portgroups',
  noun: 'portgroup',
  title: 'Portgroup',
  fields: portgroupFields,
  named: 'logical',
  async check({ context, record, set, isNew, node }) {
    if (set.physical_network === '') {
      throw new Fault('invalid', 'A non-empty value is required when setting physical_network')
    }
    if (isNew || !node) return
    checkAddress(record, set, node)
    if ('standalone_ports_supported' in set || 'node_uuid' in set) await checkWiring(context, record, node)
    if (typeof set.physical_network === 'string') await passOn(context, record, set.physical_network)
  },
  checkRemoval(record, node) {
    const vif = attachedVif(record)
    if (!vif || node?.maintenance) return
    throw new Fault(
      'invalid_state',
      `Cannot delete the portgroup ${record.uuid}: vif ${vif} is attached to it; detach it first.`,
    )
  },
})

function checkAddress(record: PortgroupRecord, set: Partial<PortgroupRecord>, node: NodeRecord): void {
  if (!('address' in set) || node.maintenance) return
  if (node.provision_state !== 'active' && node.instance_uuid === null) return
  throw new Fault(
    'invalid_state',
    `Cannot update hardware address for portgroup ${record.uuid} as node ${node.uuid} is active or has instance UUID assigned`,
  )
}

async function checkWiring({ store }: ResourceContext, record: PortgroupRecord, node: NodeRecord): Promise<void> {
  if (node.maintenance || rewirable.includes(node.provision_state)) return
  const members = await store.ports({ portgroup_uuid: record.uuid }, { limit: 1 })
  if (members.length === 0) return
  throw new Fault(
    'invalid_state',
    `Portgroup ${record.uuid} has ports and can not be rewired unless node ${node.uuid} is in a ${rewirable.join(', ')} state or in maintenance mode. The current state is ${node.provision_state}.`,
  )
}

/** The ports of a group are on one physical network. */
async function passOn({ store }: ResourceContext, { uuid }: PortgroupRecord, physical_network: string): Promise<void> {
  for (const port of await store.ports({ portgroup_uuid: uuid }))
    await store.updatePort(port.uuid, { physical_network })
}
