import { randomInt } from 'node:crypto'
import { z } from 'zod'
import { Fault, explain } from '@ferrite/shared/fault'
import { MiB } from '@ferrite/shared/units'
import { allocateAligned } from '../hardware/disk.ts'
import type { Disk } from '../hardware/disk.ts'
import type { ListedDisk } from '../hardware/hardware.ts'
import { erasable } from './erase-devices-metadata.ts'
import { defineStep } from './step.ts'
import type { StepContext } from './step.ts'
import { zeroRange } from './zero-range.ts'

const samples = 1_000
const sampleBytes = 4096
const endBytes = 16 * MiB

/** Erases every byte of every disk and reads samples back; a device's word for it is not enough. Tells the method of each. */
export const eraseDevices = defineStep({
  step: 'erase_devices',
  interface: 'deploy',
  priority: { clean: 10 },
  abortable: true,
  args: z.looseObject({}),
  async run(_args, context) {
    const methods: Record<string, string> = {}
    for (const disk of await erasable(context)) {
      try {
        methods[disk.name] = await erase(disk, context)
      } catch (cause) {
        context.signal.throwIfAborted()
        throw new Fault('erase_failed', `could not erase ${disk.name}`, { cause })
      }
      context.log.info({ disk: disk.name, method: methods[disk.name] }, 'disk erased')
    }
    return methods
  },
})

async function erase({ name, size }: ListedDisk, context: StepContext): Promise<string> {
  const { hardware, signal, log, node } = context
  const nvmeFormat = node.driver_internal_info?.['agent_enable_nvme_secure_erase'] !== false
  const method = await hardware.eraseByDevice(name, { nvmeFormat, signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    log.warn({ disk: name, err: explain(error) }, 'the device could not erase itself, overwriting it')
  })
  await using disk = await hardware.openDisk(name)
  if (method !== undefined) {
    const dirty = await firstDirtySample(disk, signal)
    if (dirty === undefined) return method
    log.warn({ disk: name, method, offset: dirty }, 'the device says erased but is not empty, overwriting it')
  }
  await overwrite(disk, context)
  const dirty = await firstDirtySample(disk, signal)
  if (dirty !== undefined) {
    throw new Fault('disk_verify_failed', `${name} has data at ${dirty} after ${size} bytes were overwritten`)
  }
  await disk.rereadPartitions()
  return 'overwritten with zeros'
}

async function overwrite(disk: Disk, { signal, log }: StepContext): Promise<void> {
  const part = 1024 * MiB
  for (let at = 0; at < disk.sizeBytes; at += part) {
    const end = Math.min(disk.sizeBytes, at + part)
    await zeroRange(disk, at, end, signal)
    log.info({ disk: disk.path, bytes: end, of: disk.sizeBytes }, 'overwriting')
  }
  await disk.flush()
}

/** Offset of a place that is not zero, among both ends and a thousand random places. */
async function firstDirtySample(disk: Disk, signal: AbortSignal): Promise<number | undefined> {
  await disk.dropCache()
  const buffer = allocateAligned(MiB)
  const places: { at: number; bytes: number }[] = []
  for (let at = 0; at < Math.min(endBytes, disk.sizeBytes); at += MiB) places.push({ at, bytes: MiB })
  for (let at = Math.max(0, disk.sizeBytes - endBytes); at < disk.sizeBytes; at += MiB) places.push({ at, bytes: MiB })
  const slots = Math.floor(disk.sizeBytes / sampleBytes)
  for (let i = 0; i < Math.min(samples, slots); i += 1) places.push({ at: randomSlot(slots), bytes: sampleBytes })
  for (const { at, bytes } of places.sort((a, b) => a.at - b.at)) {
    signal.throwIfAborted()
    const part = buffer.subarray(0, Math.min(bytes, disk.sizeBytes - at))
    await disk.read(part, at)
    if (part.some((byte) => byte !== 0)) return at
  }
  return undefined
}

const randomSlot = (slots: number): number => randomInt(0, Math.min(slots, 2 ** 47)) * sampleBytes
