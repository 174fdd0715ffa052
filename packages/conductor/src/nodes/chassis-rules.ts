import { Fault } from '@ferrite/shared/fault'
import type { Store } from '../store/store.ts'

/** Fault invalid unless the chassis that a node is to be in exists. */
export async function checkChassis(store: Store, uuid: unknown): Promise<void> {
  if (typeof uuid !== 'string') return
  const chassis = await store.resources.find('chassis', uuid)
  if (!chassis) throw new Fault('invalid', `Chassis ${uuid} could not be found.`)
}
