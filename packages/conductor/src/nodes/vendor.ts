import { Fault } from '@ferrite/shared/fault'
import type { VendorMethod } from '../core/interfaces.ts'
import type { VendorCall } from '../core/services.ts'
import type { Task } from '../core/task.ts'

/** The method that a call means. Fault unsupported without a vendor interface, invalid for an unknown method or verb. */
export function vendorOf(task: Task, { method, verb }: VendorCall): VendorMethod {
  const { vendor } = task.interfaces
  if (!vendor) {
    throw new Fault('unsupported', `Driver ${task.node.driver} does not support vendor (disabled or not implemented).`)
  }
  const found = Object.hasOwn(vendor.methods, method) ? vendor.methods[method] : undefined
  if (!found) throw new Fault('invalid', `No handler for method ${method.slice(0, 64)}`)
  if (!(found.http_methods as readonly string[]).includes(verb)) {
    throw new Fault('invalid', `The method ${method} does not support HTTP ${verb}`)
  }
  return found
}

export const callVendor = async (task: Task, call: VendorCall): Promise<unknown> =>
  vendorOf(task, call).run(task, call.args)

/** What methods there are, without what they do. */
export const methodsOf = (task: Task): Record<string, Omit<VendorMethod, 'run'>> =>
  Object.fromEntries(
    Object.entries(task.interfaces.vendor?.methods ?? {}).map(
      ([name, { http_methods, description, async, attach, require_exclusive_lock }]) => [
        name,
        { http_methods, description, async, attach, require_exclusive_lock },
      ],
    ),
  )
