import { Fault } from '@ferrite/shared/fault'
import type { ImageFormat } from './image-formats.ts'

/** Ironic has one name for disks with either partition table. */
const ironicNames: Partial<Record<ImageFormat, string>> = { mbr: 'gpt' }

/** Fault image_format_refused unless the conductor's list has the format; without a list all are permitted. */
export function refuseUnlessPermitted(detected: ImageFormat, permitted: readonly string[] | undefined): void {
  const name = ironicNames[detected] ?? detected
  if (!permitted || permitted.includes(name)) return
  const list = permitted.join(', ')
  throw new Fault('image_format_refused', `the image is ${name}, and the conductor permits only ${list}`)
}
