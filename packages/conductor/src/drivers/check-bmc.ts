import type { PowerState } from '@ferrite/shared/contracts/nodes'
import { explain, isFault } from '@ferrite/shared/fault'
import type { CheckResult } from '../core/interfaces.ts'
import type { Task } from '../core/task.ts'

/** Does the BMC take these credentials, and does it say whether the machine is on? */
export async function credentialCheck(task: Task, read: () => Promise<PowerState | null>): Promise<CheckResult[]> {
  try {
    const power = await read()
    return [
      { name: 'bmc', result: 'ok', detail: `answers, and takes the credentials${await controller(task)}` },
      { name: 'power', result: 'ok', detail: `reads "${power ?? 'no state'}"` },
    ]
  } catch (error) {
    task.signal.throwIfAborted()
    return [
      { name: 'bmc', result: 'failed', detail: explain(error) },
      { name: 'power', result: 'skipped', detail: 'the BMC has to answer first' },
    ]
  }
}

async function controller(task: Task): Promise<string> {
  try {
    const facts = await task.interfaces.management.describeController?.(task)
    const name = [facts?.['Manufacturer Name'], facts?.['Firmware Revision']].filter(Boolean).join(', firmware ')
    return name && `: ${name}`
  } catch (error) {
    task.signal.throwIfAborted()
    task.log.debug({ reason: explain(error) }, 'the BMC does not describe itself')
    return ''
  }
}

/** Can the boot device be read, and be set? One that holds for every boot is set to what it is: nothing changes. */
export async function bootDeviceCheck(task: Task): Promise<CheckResult[]> {
  const { management } = task.interfaces
  const name = 'boot_device'
  try {
    const now = await management.getBootDevice(task)
    // A boot device for once would be armed by setting it, on a machine that may be in use.
    if (now.boot_device === null || now.persistent !== true) {
      const shown = now.boot_device === null ? 'none is chosen' : `reads "${now.boot_device}"`
      return [{ name, result: 'ok', detail: `can be asked (${shown}); setting it was not tried` }]
    }
    await management.setBootDevice(task, now.boot_device, { persistent: true })
    return [{ name, result: 'ok', detail: `reads "${now.boot_device}", and was set to the same` }]
  } catch (error) {
    task.signal.throwIfAborted()
    const failed = isFault(error, 'unsupported') ? 'warning' : 'failed'
    return [{ name, result: failed, detail: explain(error) }]
  }
}
