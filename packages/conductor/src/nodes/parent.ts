import { Fault } from '@ferrite/shared/fault'
import type { Store } from '../store/store.ts'

/** The uuid of the node that `given` (uuid or name) calls the parent; null for none. Fault invalid. */
export async function checkParent(store: Store, given: unknown, child: string): Promise<string | null> {
  if (given === undefined || given === null) return null
  if (typeof given !== 'string')
    throw new Fault('invalid', 'Schema error for node: parent_node must be a uuid or a name')
  const parent = await store.node(given)
  if (!parent) throw new Fault('invalid', `Node ${given.slice(0, 255)} could not be found.`)
  if (parent.uuid === child) throw new Fault('invalid', 'A node can not be its own parent')
  return parent.uuid
}
