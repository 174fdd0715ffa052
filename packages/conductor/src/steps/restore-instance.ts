import type { Task } from '../core/task.ts'
import { ensurePower, reboot } from './power.ts'
import { forgetAgent } from './ramdisk.ts'

/** From the ramdisk back into the instance: its network, its boot, its power. */
export async function restoreInstance(task: Task): Promise<void> {
  const { interfaces, node } = task
  if (!node.disable_power_off) await ensurePower(task, 'power off')
  await forgetAgent(task)
  await task.effect('clean up the ramdisk’s boot', () => interfaces.boot.cleanUpRamdisk(task))
  await task.effect('move the machine to the tenant network', () => interfaces.network.attach(task, 'tenant'))
  await task.effect('prepare the boot of the instance', () => interfaces.boot.prepareInstance(task))
  await (node.disable_power_off ? reboot(task) : ensurePower(task, 'power on'))
}
