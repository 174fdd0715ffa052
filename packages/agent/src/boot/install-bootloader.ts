import type { Logger } from 'pino'
import { Fault } from '@ferrite/shared/fault'
import { openFat } from '../disk/fat.ts'
import { readPartitionTable } from '../disk/partition-table.ts'
import { readBytes } from '../disk/disk-bytes.ts'
import type { Hardware } from '../hardware/hardware.ts'
import { findEsp } from './esp.ts'
import { findLoaders } from './loaders.ts'

export type BootloaderRequest = {
  /** Path of the root device. */
  disk: string
  rootUuid: string | null
  espUuid: string | null
  targetBootMode: string
}

/**
 * Makes the firmware start what is on the disk. Under BIOS a whole-disk image brings its boot loader along; a partition
 * image would need one installed from inside the image, which is never run: Fault unsupported.
 */
export async function installBootloader(request: BootloaderRequest, hardware: Hardware, log: Logger): Promise<void> {
  const mode = await hardware.bootMode()
  if (mode !== request.targetBootMode) {
    log.warn({ target: request.targetBootMode, current: mode }, 'the machine is not in the boot mode of its node')
  }
  if (mode === 'bios') return assertBringsItsOwn(request)
  const { partition, loaders } = await loadersOn(request, hardware)
  if (loaders.length === 0) return assertLeftToImage(request, log)
  const firmware = await hardware.bootEntries()
  if (!firmware) {
    log.warn({ loaders }, 'no way to write boot entries here; the firmware has to find the loader by itself')
    return
  }
  // Each new entry becomes the first: the last one put is the one that starts.
  for (const { label, path } of loaders.toReversed()) {
    await firmware.put({ disk: request.disk, partition, label, loader: path })
    log.info({ label, loader: path }, 'boot entry written')
  }
}

async function loadersOn({ disk: path, espUuid }: BootloaderRequest, hardware: Hardware) {
  await using disk = await hardware.openDisk(path)
  const table = await readPartitionTable(disk)
  const esp = findEsp(table?.partitions ?? [], espUuid)
  const volume = await openFat((offset, bytes) => readBytes(disk, esp.start + offset, bytes))
  return { partition: esp.number, loaders: await findLoaders(volume) }
}

/** As IPA: an empty EFI partition of a whole-disk image is the image's own affair, where no disk identifier says otherwise. */
function assertLeftToImage({ rootUuid }: BootloaderRequest, log: Logger): void {
  if (rootUuid && rootUuid !== '0x00000000') {
    throw new Fault('disk_not_found', 'the EFI partition holds no loader')
  }
  log.warn('the EFI partition holds no loader; the machine boots only if its firmware finds another way')
}

function assertBringsItsOwn({ rootUuid }: BootloaderRequest): void {
  if (!rootUuid || /^0x[0-9a-f]{8}$/i.test(rootUuid)) return
  throw new Fault('unsupported', 'installing a BIOS boot loader for a partition image is not supported; use UEFI')
}
