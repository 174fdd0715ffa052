import { Fault } from '@ferrite/shared/fault'
import type { Task } from '../../core/task.ts'
import { readPower } from '../power.ts'

/**
 * The boot device must be the disk, by the BMC's own answer, wherever the BMC can say. Some BMCs show what a running
 * machine was booted from, and what comes next once it is off: those are asked again then, by `confirmWhenOff`.
 */
export async function confirmBootDevice(task: Task): Promise<void> {
  const { management } = task.interfaces
  if (!(await management.supportedBootDevices(task)).includes('disk')) return
  let now = await management.getBootDevice(task)
  if (isAnother(now.boot_device) && (await willBeOff(task))) {
    task.log.info(
      { shown: now.boot_device },
      'the BMC of a running machine shows another boot device; asked again once it is off',
    )
    return record(task, now.boot_device)
  }
  if (now.boot_device !== 'disk' && task.node.driver_info['force_persistent_boot_device'] !== 'Never') {
    await task.effect('set the boot device to disk', () => management.setBootDevice(task, 'disk', { persistent: true }))
    now = await management.getBootDevice(task)
  }
  // An unknown boot device is a BMC that cannot say; a different one is a BMC that did not do it.
  if (isAnother(now.boot_device)) {
    throw new Fault('bmc_lied', `the boot device was set to disk, but the BMC says "${now.boot_device}"`)
  }
  await record(task, now.boot_device ?? 'unknown')
}

/** Before the deployed system is started: what could not be confirmed while the ramdisk ran. */
export async function confirmWhenOff(task: Task): Promise<void> {
  const shown = task.node.internal.flow?.confirmed?.boot_device
  if (shown !== undefined && shown !== 'disk' && shown !== 'unknown') await confirmBootDevice(task)
}

const isAnother = (device: string | null): device is string => device !== null && device !== 'disk'

const willBeOff = async (task: Task): Promise<boolean> =>
  !task.node.disable_power_off && (await readPower(task)) === 'power on'

async function record(task: Task, boot_device: string): Promise<void> {
  const { flow } = task.node.internal
  if (flow) await task.save({ internal: { flow: { ...flow, confirmed: { ...flow.confirmed, boot_device } } } })
}
