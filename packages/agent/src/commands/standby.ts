import { explain } from '@ferrite/shared/fault'
import { writeToRootDevice } from '../steps/write-image.ts'
import type { CommandContext, Run } from './command.ts'

export const prepareImage: Run<'standby.prepare_image'> = async ({ image_info, configdrive }, context) => ({
  result: `prepare_image: ${await writeToRootDevice(image_info, configdrive ?? undefined, context)}`,
})

export const sync: Run<'standby.sync'> = async (_params, { hardware }) => {
  await hardware.sync()
  return null
}

export const powerOff: Run<'standby.power_off'> = async (_params, context) => {
  await settle(context)
  await context.hardware.powerOff()
  return null
}

/** "Run the image": leave the ramdisk by a reboot. */
export const runImage: Run<'standby.run_image'> = async (_params, context) => {
  await settle(context)
  await context.hardware.reboot()
  return null
}

export const getPartitionUuids: Run<'standby.get_partition_uuids'> = async (_params, { memory }) =>
  memory.partitionUuids ?? {}

/** Before the power goes. What fails here must not keep the machine from turning off. */
async function settle({ hardware, settings, log }: CommandContext): Promise<void> {
  if (settings.ntpServer !== undefined) {
    await hardware.syncClock(settings.ntpServer).catch((error: unknown) => {
      log.warn({ err: explain(error) }, 'the clock could not be set')
    })
  }
  await hardware.sync().catch((error: unknown) => log.warn({ err: explain(error) }, 'sync failed'))
}
