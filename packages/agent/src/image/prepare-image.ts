import type { Progress } from '@ferrite/shared/contracts/callback'
import type { ImageInfo } from '@ferrite/shared/contracts/images'
import { isFault } from '@ferrite/shared/fault'
import { writeConfigdrive } from '../disk/configdrive.ts'
import { espType, requirePartitionTable, readerOf } from '../disk/image-table.ts'
import type { PartitionTable } from '../disk/image-table.ts'
import { settlePartitions } from '../disk/settle-partitions.ts'
import { wipeTables } from '../disk/wipe.ts'
import type { Disk } from '../hardware/disk.ts'
import { readConfigdrive } from './configdrive-input.ts'
import { imageRequest } from './image-request.ts'
import type { RequestOptions } from './image-request.ts'
import type { WriteResult } from './request.ts'
import { writeImage } from './write-image.ts'

export type Preparation = RequestOptions & {
  imageInfo: ImageInfo
  /** Base64 of gzip, or a URL. */
  configdrive?: string | null | undefined
  disk: Disk
  signal: AbortSignal
  onProgress: (progress: Progress) => void
}

export type PreparedImage = {
  /** ironic-python-agent's sentence, without the command's name before it. */
  text: string
  /** The MBR's disk identifier, `0x00000000` where there is none. */
  rootUuid: string
  /** Of the EFI system partition's entry in the GPT, null without one. */
  espUuid: string | null
  partitions: Record<string, string>
  write: WriteResult
}

/**
 * The whole write of a deployment: the image, its partition table made to fit the disk, the config drive, and the kernel
 * told. What can be known before the disk is touched fails before; what fails later leaves nothing that boots.
 */
export async function prepareImage(preparation: Preparation): Promise<PreparedImage> {
  const { imageInfo, disk, signal, onProgress } = preparation
  const request = imageRequest(imageInfo, preparation)
  const { authorization: _imageOnly, ...fetching } = request
  const configdrive = preparation.configdrive
    ? await readConfigdrive(preparation.configdrive, fetching, signal)
    : undefined
  const write = await writeImage({ ...request, inspect: refuseWithoutTable }, disk, { signal, onProgress })
  const table = await settle(disk, configdrive)
  await disk.rereadPartitions()
  const espUuid = table.partitions.find(({ type }) => type === espType)?.uuid ?? null
  return {
    text: sentence(imageInfo, disk, table, espUuid),
    rootUuid: table.diskId,
    espUuid,
    partitions: {},
    write,
  }
}

async function settle(disk: Disk, configdrive: Uint8Array | undefined): Promise<PartitionTable> {
  try {
    const table = await settlePartitions(disk)
    if (configdrive) await writeConfigdrive(disk, table, configdrive)
    return table
  } catch (error) {
    await wipeTables(disk)
    throw error
  }
}

/** The table lies in the first MiB of nearly every image; where it does not, `settlePartitions` finds out later. */
async function refuseWithoutTable(head: Uint8Array, disk: Disk): Promise<void> {
  try {
    await requirePartitionTable(readerOf(head), disk.logicalSectorBytes)
  } catch (error) {
    if (isFault(error) && error.details['incomplete'] === true) return
    throw error
  }
}

function sentence(image: ImageInfo, disk: Disk, table: PartitionTable, espUuid: string | null): string {
  const esp = image.deploy_boot_mode === 'uefi' && espUuid ? ` efi_system_partition_uuid=${espUuid}` : ''
  return `image (${image.id}) written to device ${disk.path} root_uuid=${table.diskId}${esp}`
}
