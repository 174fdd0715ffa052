import { Fault, explain } from '@ferrite/shared/fault'
import { installBootloader as install } from '../boot/install-bootloader.ts'
import { rootDeviceCandidates } from '../disk/root-device.ts'
import type { Run } from './command.ts'

export const installBootloader: Run<'image.install_bootloader'> = async (params, context) => {
  const { hardware, memory, settings, log } = context
  try {
    const [disk] = rootDeviceCandidates(await hardware.disks(), memory.node)
    if (!disk) throw new Fault('disk_not_found', 'there is no disk')
    const request = {
      disk: disk.name,
      rootUuid: params.root_uuid ?? null,
      espUuid: params.efi_system_part_uuid ?? null,
      targetBootMode: params.target_boot_mode,
    }
    await install(request, hardware, log)
  } catch (error) {
    if (!(params.ignore_bootloader_failure ?? settings.ignoreBootloaderFailure)) throw error
    log.warn({ err: explain(error) }, 'the boot loader was not installed, which is to be ignored')
  }
  return null
}
