import { explain, isFault } from '@ferrite/shared/fault'
import type { Task } from '../../core/task.ts'

/**
 * Sets the boot device again that a BMC keeps for one boot only. Before a power-on that we command: a boot order that the
 * machine has anyway is better than none.
 */
export async function restoreEachBootDevice<Device extends string>(
  task: Task,
  isKnown: (device: string) => device is Device,
  set: (device: Device) => Promise<void>,
): Promise<void> {
  const device = task.node.internal.each_boot_device
  if (!device || !isKnown(device)) return
  try {
    await set(device)
  } catch (error) {
    task.signal.throwIfAborted()
    if (isFault(error, 'lease_lost')) throw error
    task.log.warn(
      { device, reason: explain(error) },
      'cannot set the boot device again; the firmware’s own order counts',
    )
  }
}
