import type { PartitionUuids } from '@ferrite/shared/contracts/agent-commands'
import type { Command } from '@ferrite/shared/contracts/agent-api'
import { Fault } from '@ferrite/shared/fault'
import { mustLeave } from '../../core/must-leave.ts'
import type { Step } from '../../core/step.ts'
import type { Task } from '../../core/task.ts'
import { bootModeOf } from '../capabilities.ts'
import { isPartitionImage } from '../image-info.ts'
import { confirmBootDevice } from './confirm-boot-device.ts'

/** Makes the written disk what the machine boots from: boot loader entries by the agent, boot device by the BMC. */
export const prepareInstanceBoot: Step = {
  interface: 'deploy',
  step: 'prepare_instance_boot',
  priority: 60,
  async run(task) {
    const uuids = await task.agent.run('standby.get_partition_uuids', {})
    await task.save({ internal: { root_uuid_or_disk_id: uuids['root uuid'] ?? null } })
    if (needsBootloader(task, uuids)) await installBootloader(task, uuids)
    await task.effect('prepare the boot of the instance', () => task.interfaces.boot.prepareInstance(task))
    await confirmBootDevice(task)
    return { done: true }
  },
}

/** The same where other steps than ours have written the disk and made it bootable. */
export const prepareCustomBoot: Step = {
  interface: 'deploy',
  step: 'prepare_instance_boot',
  priority: 60,
  async run(task) {
    await task.effect('prepare the boot of the instance', () => task.interfaces.boot.prepareInstance(task))
    await confirmBootDevice(task)
    return { done: true }
  },
}

function needsBootloader({ node }: Task, uuids: PartitionUuids): boolean {
  if (isPartitionImage(node)) return typeof uuids['root uuid'] === 'string'
  return bootModeOf(node) === 'uefi'
}

async function installBootloader(task: Task, uuids: PartitionUuids): Promise<void> {
  const last = (await task.agent.commands()).findLast((one) => one.command_name === 'install_bootloader')
  if (last?.command_status === 'SUCCEEDED') return
  const target_boot_mode = bootModeOf(task.node)
  const partition = isPartitionImage(task.node)
  const params = {
    root_uuid: uuids['root uuid'] ?? null,
    efi_system_part_uuid: partition ? (uuids['efi system partition uuid'] ?? null) : null,
    prep_boot_part_uuid: uuids['PReP Boot partition uuid'] ?? null,
    target_boot_mode,
  }
  try {
    await task.effect('have the boot loader installed', () => runOrJoin(task, params, last))
  } catch (cause) {
    if (mustLeave(cause, task)) throw cause
    throw new Fault('step_failed', `Failed to install a bootloader when deploying node ${task.node.uuid}`, { cause })
  }
}

// A command that still runs from before a crash of ours is waited for: the agent would answer a second one as busy.
async function runOrJoin(
  task: Task,
  params: Parameters<typeof task.agent.run<'image.install_bootloader'>>[1],
  last: Command | undefined,
): Promise<void> {
  if (last?.command_status !== 'RUNNING') {
    await task.agent.run('image.install_bootloader', params)
    return
  }
  for (;;) {
    const now = (await task.agent.commands()).find((one) => one.id === last.id)
    if (now?.command_status === 'SUCCEEDED') return
    if (now?.command_status !== 'RUNNING') {
      throw new Fault('agent_command_failed', `the agent’s command install_bootloader ended as ${now?.command_status}`)
    }
    await task.clock.sleep(1_000, task.signal)
  }
}
