import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import type { Store } from '../store/store.ts'

const deletable = ['manageable', 'enroll', 'adopt failed', 'available']

/** Forgets a node with its ports, history and config drive, unless that could lose a machine in use. */
export async function deleteNode(store: Store, node: NodeRecord): Promise<void> {
  if (node.instance_uuid && !node.maintenance) {
    throw new Fault('node_associated', `Node ${node.uuid} is associated with instance ${node.instance_uuid}.`)
  }
  if (node.protected) {
    throw new Fault('protected', `Node ${node.uuid} is protected and can not be undeployed, rebuilt or deleted.`)
  }
  if (!deletable.includes(node.provision_state) && !node.maintenance) {
    throw new Fault(
      'invalid_state',
      `Can not delete node "${node.uuid}" while it is in provision state "${node.provision_state}". Valid provision states to perform deletion are: ${deletable.join(', ')}, or use maintenance`,
    )
  }
  await store.deleteNode(node.uuid)
}
