import { z } from 'zod'
import { imageInfo } from '@ferrite/shared/contracts/images'
import type { ImageInfo } from '@ferrite/shared/contracts/images'
import { Fault } from '@ferrite/shared/fault'
import type { CommandContext } from '../commands/command.ts'
import { isMd5Allowed, permittedFormats } from '../commands/verifiable.ts'
import { rootDeviceCandidates } from '../disk/root-device.ts'
import type { ListedDisk } from '../hardware/hardware.ts'
import { prepareImage } from '../image/prepare-image.ts'
import { defineStep } from './step.ts'

/** Puts an image and its config drive onto the root device. */
export const writeImage = defineStep({
  step: 'write_image',
  interface: 'deploy',
  priority: { deploy: 0, service: 0 },
  abortable: true,
  argsinfo: {
    image_info: { description: 'What to write: URLs, checksum, format.', required: true },
    configdrive: { description: 'Base64 of a gzipped image, or its URL.', required: false },
  },
  args: z.object({ image_info: imageInfo, configdrive: z.string().nullish() }),
  run: async ({ image_info, configdrive }, context) => ({
    result: `prepare_image: ${await writeToRootDevice(image_info, configdrive ?? undefined, context)}`,
  }),
})

/** What `standby.prepare_image` and the step have in common. Returns IPA's sentence about it. */
export async function writeToRootDevice(
  image: ImageInfo,
  configdrive: string | undefined,
  context: CommandContext,
): Promise<string> {
  const { hardware, memory, log, signal, onProgress, lookup, settings } = context
  const chosen = await choose(context)
  await using disk = await hardware.openDisk(chosen.name)
  await assertStillThere(context, chosen)
  log.info({ disk: chosen.name, serial: chosen.serial, size: chosen.size, image: image.id }, 'writing image')
  delete memory.partitionUuids
  const written = await prepareImage({
    imageInfo: image,
    configdrive: configdrive ?? image.configdrive ?? undefined,
    disk,
    allowMd5: isMd5Allowed(lookup()),
    permittedFormats: permittedFormats(lookup()),
    limits: settings.limits,
    tls: { insecure: settings.insecure, ...(settings.ca === undefined ? {} : { ca: settings.ca }) },
    signal,
    onProgress,
  })
  memory.partitionUuids = {
    'root uuid': written.rootUuid,
    'efi system partition uuid': written.espUuid,
    'PReP Boot partition uuid': null,
    partitions: written.partitions,
  }
  return written.text
}

async function choose({ hardware, memory, log }: CommandContext): Promise<ListedDisk> {
  const candidates = rootDeviceCandidates(await hardware.disks(), memory.node)
  const [first] = candidates
  if (!first) throw new Fault('disk_not_found', 'there is no disk')
  if (candidates.length > 1) {
    const names = candidates.map(({ name }) => name)
    log.warn({ chosen: first.name, names }, 'several disks could be the root device, taking the first')
  }
  return first
}

/** Names move when disks come and go: the one that is open must still be the one that was chosen. */
async function assertStillThere({ hardware, memory }: CommandContext, chosen: ListedDisk): Promise<void> {
  const [again] = rootDeviceCandidates(await hardware.disks(), memory.node)
  const isSame =
    again?.name === chosen.name &&
    again.size === chosen.size &&
    again.serial === chosen.serial &&
    again.wwn === chosen.wwn
  if (isSame) return
  throw new Fault('disk_not_found', `the root device changed from ${chosen.name} to ${again?.name} before the write`)
}
