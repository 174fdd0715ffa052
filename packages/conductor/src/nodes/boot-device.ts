import type { BootDevice } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type { Management } from '../core/services.ts'
import type { Task } from '../core/task.ts'
import { lookAt } from './read-task.ts'
import { withNode, type WithNodeParts } from './with-node.ts'

/** The boot device of a machine, read without the lock and set under it. */
export const createManagement = (parts: WithNodeParts): Management => ({
  bootDevice: (ident) => lookAt(parts, ident, (task) => task.interfaces.management.getBootDevice(task)),
  supportedBootDevices: (ident) =>
    lookAt(parts, ident, (task) => task.interfaces.management.supportedBootDevices(task)),
  async setBootDevice(ident, device, persistent) {
    const node = await parts.store.node(ident)
    if (!node) throw new Fault('not_found', `Node ${ident} could not be found.`)
    await withNode(parts, node.uuid, 'setting the boot device', async (task) => {
      const wanted = await checkedDevice(task, device)
      await task.effect(`set the boot device to ${wanted}`, () =>
        task.interfaces.management.setBootDevice(task, wanted, { persistent }),
      )
    })
  },
})

async function checkedDevice(task: Task, device: string): Promise<BootDevice> {
  await task.interfaces.management.validate(task)
  const supported = await task.interfaces.management.supportedBootDevices(task)
  const found = supported.find((one) => one === device)
  if (!found)
    throw new Fault('invalid', `Invalid boot device ${device} specified; the machine knows ${supported.join(', ')}.`)
  return found
}
